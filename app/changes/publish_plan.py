"""The only way from a PlanDraft into the tables; publishing the same draft again changes nothing."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from app.changes.check_plan import plan_faults
from app.changes.record_event import record_event
from app.clock import local_day
from app.domain.workflow import LIVE, EventKind, Role, State
from app.drafts.faults import DraftRejected, Fault, Path, located
from app.drafts.plan_draft import IndicatorDraft, PlanDraft, PlanStatus, TaskDraft
from app.i18n import gettext as _
from app.models import (
    Area,
    Assignment,
    Indicator,
    IndicatorLead,
    IndicatorTarget,
    Measure,
    Milestone,
    Obligation,
    ObligationEvent,
    Phase,
    Plan,
    PlanEdition,
    Region,
    SourceNote,
    Task,
)
from app.queries.directory import Directory, Holder, load_directory

# When a department is named twice, directly and through a group, the heavier duty counts.
_WEIGHT = {Role.LEAD: 3, Role.SHARED: 2, Role.SUPPORT: 1}


@dataclass(slots=True)
class Publication:
    """What publishing did; `changed` is False when this very draft was in force already."""

    plan_id: int
    edition: int
    changed: bool
    opened: int = 0
    cancelled: int = 0
    moved: int = 0


@dataclass(slots=True)
class _Work:
    session: Session
    plan: Plan
    directory: Directory
    now: datetime
    today: date
    by: int | None
    edition: int
    result: Publication
    phases: dict[str, Phase] = field(default_factory=dict)
    areas: dict[str, Area] = field(default_factory=dict)


def draft_sha256(draft: PlanDraft) -> str:
    text = json.dumps(draft.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _spelled_out(draft: PlanDraft) -> PlanDraft:
    """A draft that prints no spellings of its own prints the canonical names."""
    spelled = draft.model_copy(deep=True)
    for task in spelled.tasks:
        task.as_printed.lead = task.as_printed.lead or list(task.lead)
        task.as_printed.support = task.as_printed.support or list(task.support)
    for indicator in spelled.indicators:
        indicator.as_printed = indicator.as_printed or list(indicator.lead)
    return spelled


def publish_plan(
    session: Session,
    draft: PlanDraft,
    *,
    now: datetime,
    by: int | None = None,
    source: str | None = None,
    line_of: Mapping[Path, int] | None = None,
) -> Publication:
    """Raises DraftRejected with every fault before the first write.

    `source` and `line_of` say where the draft was read from, so that faults carry file and line.
    """
    region, directory = _checked(session, draft, now, source or draft.code, line_of or {})
    draft = _spelled_out(draft)
    sha256 = draft_sha256(draft)
    plan = session.exec(select(Plan).where(Plan.code == draft.code)).one_or_none()
    last = _last_edition(session, plan)
    if plan is not None and last is not None and last.sha256 == sha256:
        return Publication(plan.id or 0, last.number, changed=False)
    plan = _plan(session, plan, region, draft)
    number = last.number + 1 if last else 1
    work = _Work(
        session=session,
        plan=plan,
        directory=directory,
        now=now,
        today=local_day(now, region.time_zone),
        by=by,
        edition=number,
        result=Publication(plan.id or 0, number, changed=True),
    )
    _phases_and_areas(work, draft)
    _tasks(work, draft)
    _indicators(work, draft)
    _source_notes(work, draft)
    session.add(
        PlanEdition(
            plan_id=plan.id or 0,
            number=number,
            sha256=sha256,
            draft=draft.model_dump(mode="json"),
            published_at=now,
            published_by=by,
        )
    )
    session.flush()
    return work.result


def _checked(
    session: Session, draft: PlanDraft, now: datetime, source: str, line_of: Mapping[Path, int]
) -> tuple[Region, Directory]:
    region = session.exec(select(Region).where(Region.code == draft.region)).one_or_none()
    if region is None or region.id is None:
        faults = [Fault(("region",), f"no such region: {draft.region}; seed its departments first")]
        raise DraftRejected(faults, located(faults, source, line_of))
    directory = load_directory(session, region.id, today=local_day(now, region.time_zone))
    faults = plan_faults(draft, directory)
    other = session.exec(select(Plan).where(Plan.code == draft.code, Plan.region_id != region.id)).one_or_none()
    if other is not None:
        faults.append(Fault(("code",), f"{draft.code} is a plan of another region"))
    if faults:
        raise DraftRejected(faults, located(faults, source, line_of))
    return region, directory


def _last_edition(session: Session, plan: Plan | None) -> PlanEdition | None:
    if plan is None:
        return None
    return session.exec(
        select(PlanEdition)
        .where(PlanEdition.plan_id == plan.id)
        .order_by(col(PlanEdition.number).desc())
        .limit(1)
    ).one_or_none()


def _plan(session: Session, plan: Plan | None, region: Region, draft: PlanDraft) -> Plan:
    values: dict[str, Any] = {
        "title": draft.title,
        "document_number": draft.document_number,
        "issuer": draft.issuer,
        "issued_on": draft.issued_on,
        "period_from": draft.period[0],
        "period_to": draft.period[1],
        "status": draft.status,
    }
    if plan is None:
        plan = Plan(region_id=region.id or 0, code=draft.code, **values)
    else:
        plan.sqlmodel_update(values)
    session.add(plan)
    session.flush()
    return plan


def _phases_and_areas(work: _Work, draft: PlanDraft) -> None:
    session, plan_id = work.session, work.plan.id or 0
    known = {phase.name: phase for phase in session.exec(select(Phase).where(Phase.plan_id == plan_id))}
    for stale in known.values():
        stale.withdrawn = True
    for position, given in enumerate((*draft.phases, *draft.checkpoints)):
        phase = known.get(given.name) or Phase(plan_id=plan_id, name=given.name)
        phase.sqlmodel_update(
            {
                "checkpoint": getattr(given, "kind", None),
                "due": given.due,
                "printed": given.printed,
                "line": given.line,
                "position": position,
                "withdrawn": False,
            }
        )
        session.add(phase)
        work.phases[given.name] = phase
    chapters = {area.number: area for area in session.exec(select(Area).where(Area.plan_id == plan_id))}
    for chapter in chapters.values():
        chapter.withdrawn = True
    for position, chapter_draft in enumerate(draft.areas):
        area = chapters.get(chapter_draft.number) or Area(plan_id=plan_id, number=chapter_draft.number, title="")
        area.sqlmodel_update(
            {"title": chapter_draft.title, "line": chapter_draft.line, "position": position, "withdrawn": False}
        )
        session.add(area)
        work.areas[chapter_draft.number] = area
    session.flush()


def _tasks(work: _Work, draft: PlanDraft) -> None:
    session, plan = work.session, work.plan
    known = {task.number: task for task in session.exec(select(Task).where(Task.plan_id == plan.id))}
    for task in known.values():
        task.withdrawn = True
    rows: list[tuple[Task, TaskDraft]] = []
    for position, given in enumerate(draft.tasks):
        row = known.get(given.number) or Task(
            region_id=plan.region_id, plan_id=plan.id or 0, number=given.number, title="", kind=given.kind, mode=given.mode
        )
        row.sqlmodel_update(
            {
                "area_id": work.areas[given.area].id if given.area is not None else None,
                "kind": given.kind,
                "title": given.title,
                "mode": given.mode,
                "line": given.line,
                "position": position,
                "withdrawn": False,
            }
        )
        session.add(row)
        rows.append((row, given))
    session.flush()
    task_ids = [task.id for task in known.values()]
    session.exec(delete(Measure).where(col(Measure.task_id).in_(task_ids)))
    session.exec(delete(Assignment).where(col(Assignment.task_id).in_(task_ids)))
    for row, given in rows:
        session.add_all(
            Measure(task_id=row.id or 0, position=position, text=text) for position, text in enumerate(given.measures)
        )
        session.add_all(_assignments(work, row, given))
    _milestones(work, rows)
    session.flush()


def _assignments(work: _Work, row: Task, given: TaskDraft) -> Iterable[Assignment]:
    for role, names, printed in _clause(given):
        for position, name in enumerate(names):
            holder = _holder(work, name)
            yield Assignment(
                region_id=row.region_id,
                task_id=row.id or 0,
                role=role,
                position=position,
                printed=printed[position],
                department_id=holder.department_id,
                group_id=holder.group_id,
            )


def _clause(given: TaskDraft) -> list[tuple[Role, list[str], list[str]]]:
    supporting = Role.SUPPORT if given.lead else Role.SHARED
    return [
        (Role.LEAD, given.lead, given.as_printed.lead),
        (supporting, given.support, given.as_printed.support),
    ]


def _holder(work: _Work, name: str) -> Holder:
    holder = work.directory.resolve(name)
    assert holder is not None, "names were checked before the first write"
    return holder


def _milestones(work: _Work, rows: list[tuple[Task, TaskDraft]]) -> None:
    session, plan = work.session, work.plan
    known = {
        (milestone.task_id, milestone.phase_id): milestone
        for milestone in session.exec(
            select(Milestone).where(Milestone.plan_id == plan.id, col(Milestone.task_id).is_not(None))
        )
    }
    for stale in known.values():
        stale.withdrawn = True
    wanted: dict[tuple[int, int], tuple[Milestone, dict[int, tuple[Role, int | None]]]] = {}
    for row, given in rows:
        holders = _duties(work, given) if plan.status is not PlanStatus.CLOSED else {}
        for position, milestone_draft in enumerate(given.milestones):
            phase_id = work.phases[milestone_draft.phase].id or 0
            milestone = known.get((row.id, phase_id)) or Milestone(
                plan_id=plan.id or 0, task_id=row.id, phase_id=phase_id
            )
            milestone.sqlmodel_update(
                {
                    "due": milestone_draft.due,
                    "printed": milestone_draft.printed,
                    "expected": milestone_draft.expected,
                    "review": milestone_draft.review,
                    "line": milestone_draft.line,
                    "position": position,
                    "withdrawn": False,
                }
            )
            session.add(milestone)
            wanted[row.id or 0, phase_id] = (milestone, holders)
    session.flush()
    _obligations(work, {milestone.id or 0: (milestone, holders) for milestone, holders in wanted.values()})


def _duties(work: _Work, given: TaskDraft) -> dict[int, tuple[Role, int | None]]:
    """Who owes a report on the task: department -> (heaviest role, group through which it came)."""
    duties: dict[int, tuple[Role, int | None]] = {}
    for role, names, _printed in _clause(given):
        for name in names:
            holder = _holder(work, name)
            for named in work.directory.departments_of(holder):
                department_id = work.directory.present_holder(named)
                before = duties.get(department_id)
                if before is None or _WEIGHT[role] > _WEIGHT[before[0]]:
                    duties[department_id] = (role, holder.group_id)
    return duties


def _obligations(work: _Work, wanted: dict[int, tuple[Milestone, dict[int, tuple[Role, int | None]]]]) -> None:
    session, plan = work.session, work.plan
    known: dict[tuple[int, int], Obligation] = {
        (row.milestone_id, row.department_id): row
        for row in session.exec(select(Obligation).where(Obligation.plan_id == plan.id))
    }
    fresh: list[Obligation] = []
    for milestone_id, (milestone, holders) in wanted.items():
        for department_id, (role, group_id) in holders.items():
            row = known.pop((milestone_id, department_id), None)
            if row is None:
                fresh.append(
                    Obligation(
                        region_id=plan.region_id,
                        plan_id=plan.id or 0,
                        task_id=milestone.task_id or 0,
                        milestone_id=milestone_id,
                        department_id=department_id,
                        group_id=group_id,
                        role=role,
                        state=State.OPEN,
                        due=milestone.due,
                        first_due=milestone.due,
                    )
                )
            else:
                _adjust(work, row, milestone, role)
    for row in known.values():
        if row.state is not State.CANCELLED and (row.state in LIVE or plan.status is not PlanStatus.CLOSED):
            reason = _("第%(number)s版规划不再列此项责任。") % {"number": work.edition}
            record_event(session, row, EventKind.CANCELLED, on=work.today, now=work.now, by=work.by, reason=reason)
            work.result.cancelled += 1
    session.add_all(fresh)
    session.flush()
    session.add_all(_opening(work, row) for row in fresh)
    work.result.opened += len(fresh)


def _opening(work: _Work, row: Obligation) -> ObligationEvent:
    return ObligationEvent(
        region_id=row.region_id,
        obligation_id=row.id or 0,
        seq=1,
        kind=EventKind.OPENED,
        on=work.today,
        recorded_at=work.now,
        actor_id=work.by,
        state=State.OPEN,
        due=row.due,
        department_id=row.department_id,
        role=row.role,
    )


def _adjust(work: _Work, row: Obligation, milestone: Milestone, role: Role) -> None:
    """An obligation that stays: brings back what was cancelled, follows a changed role or date."""
    reason = _("第%(number)s版规划调整。") % {"number": work.edition}

    def record(kind: EventKind, *, due: date | None = None, role: Role | None = None) -> None:
        record_event(
            work.session, row, kind, on=work.today, now=work.now, by=work.by, reason=reason, due=due, role=role
        )

    if row.state is State.CANCELLED:
        record(EventKind.REOPENED)
        work.result.opened += 1
    if row.state not in LIVE:
        return
    if row.role is not role:
        record(EventKind.ROLE_CHANGED, role=role)
    granted = row.extensions > 0 and row.due is not None and milestone.due is not None and row.due > milestone.due
    if row.due != milestone.due and not granted:
        record(EventKind.DUE_MOVED, due=milestone.due)
        work.result.moved += 1


def _indicators(work: _Work, draft: PlanDraft) -> None:
    session, plan_id = work.session, work.plan.id or 0
    known = {row.number: row for row in session.exec(select(Indicator).where(Indicator.plan_id == plan_id))}
    ids = [row.id for row in known.values()]
    session.exec(delete(IndicatorLead).where(col(IndicatorLead.indicator_id).in_(ids)))
    session.exec(delete(IndicatorTarget).where(col(IndicatorTarget.indicator_id).in_(ids)))
    for stale in known.values():
        stale.withdrawn = True
    for position, given in enumerate(draft.indicators):
        row = known.get(given.number) or Indicator(plan_id=plan_id, number=given.number, name="")
        formula = given.formula
        row.sqlmodel_update(
            {
                "area_id": work.areas[given.area].id if given.area is not None else None,
                "name": given.name,
                "unit": given.unit,
                "attribute": given.attribute,
                "numerator": formula.numerator if formula else None,
                "denominator": formula.denominator if formula else None,
                "factor": formula.factor if formula else None,
                "printed_factor": formula.printed_factor if formula else None,
                "formula_line": formula.line if formula else None,
                "note": given.note,
                "line": given.line,
                "position": position,
                "withdrawn": False,
            }
        )
        session.add(row)
        session.flush()
        session.add_all(_indicator_parts(work, row, given))
    session.flush()


def _indicator_parts(work: _Work, row: Indicator, given: IndicatorDraft) -> Iterable[IndicatorLead | IndicatorTarget]:
    for position, name in enumerate(given.lead):
        holder = _holder(work, name)
        yield IndicatorLead(
            indicator_id=row.id or 0,
            position=position,
            printed=given.as_printed[position],
            department_id=holder.department_id,
            group_id=holder.group_id,
        )
    for position, target in enumerate(given.targets):
        yield IndicatorTarget(indicator_id=row.id or 0, position=position, **target.model_dump())


def _source_notes(work: _Work, draft: PlanDraft) -> None:
    """Notes that were decided keep their decision as long as they say the same."""
    session, plan_id = work.session, work.plan.id or 0
    known = {
        (note.about, tuple(note.lines), tuple(note.readings)): note
        for note in session.exec(select(SourceNote).where(SourceNote.plan_id == plan_id))
    }
    highest = session.exec(select(func.max(SourceNote.position)).where(SourceNote.plan_id == plan_id)).one()
    offset = 0 if highest is None else highest + 1
    for position, given in enumerate(draft.source_notes, start=offset):  # behind the old ones: only the order counts
        key = (given.about, tuple(given.lines), tuple(given.readings))
        note = known.pop(key, None) or SourceNote(
            plan_id=plan_id, position=position, about=given.about, lines=given.lines, readings=given.readings
        )
        note.position = position
        session.add(note)
    for stale in known.values():
        session.delete(stale)
    session.flush()
