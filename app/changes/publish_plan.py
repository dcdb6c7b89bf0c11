"""The only way from a PlanDraft into the tables; publishing the same draft again changes nothing."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.changes.apply_successions import apply_successions
from app.changes.check_plan import plan_faults
from app.changes.publication import Publication, Work
from app.changes.publish_indicators import publish_indicators
from app.changes.publish_notes import publish_notes
from app.changes.publish_tasks import publish_tasks
from app.changes.recorded_moment import recorded_moment
from app.clock import local_day
from app.drafts.faults import DraftRejected, Fault, Path, located, placed
from app.drafts.plan_draft import PlanDraft
from app.i18n import gettext as _
from app.models import Area, Phase, Plan, PlanEdition, Region
from app.queries.directory import Directory, load_directory
from app.queries.successions import successions_due


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
    _carry_out_successions(session, draft.region, now)
    region, directory = _checked(session, draft, now, source or draft.code, line_of or {})
    # Before the plan is looked at, too: what another publication has just done is seen.
    recorded_at = recorded_moment(session, region.id or 0, now)
    draft = _spelled_out(draft)
    sha256 = draft_sha256(draft)
    plan = session.exec(select(Plan).where(Plan.code == draft.code)).one_or_none()
    last = _last_edition(session, plan)
    if plan is not None and last is not None and last.sha256 == sha256:
        return Publication(plan.id or 0, last.number, changed=False)
    plan = _plan(session, plan, region, draft)
    number = last.number + 1 if last else 1
    work = Work(
        session=session,
        plan=plan,
        directory=directory,
        now=now,
        recorded_at=recorded_at,
        today=local_day(now, region.time_zone),
        by=by,
        edition=number,
        result=Publication(plan.id or 0, number, changed=True),
    )
    _phases_and_areas(work, draft)
    publish_tasks(work, draft)
    publish_indicators(work, draft)
    publish_notes(work, draft)
    session.add(
        PlanEdition(
            plan_id=plan.id or 0,
            number=number,
            sha256=sha256,
            draft=draft.model_dump(mode="json"),
            published_at=max(recorded_at, last.published_at) if last else recorded_at,
            published_by=by,
        )
    )
    session.flush()
    return work.result


def _carry_out_successions(session: Session, code: str, now: datetime) -> None:
    """Those whose day has come: what is owed must be in the hands in which the plan will look for it."""
    region = session.exec(select(Region).where(Region.code == code)).one_or_none()
    if region is not None and successions_due(session, region.id or 0, today := local_day(now, region.time_zone)):
        apply_successions(session, region, today=today, now=now)


def _checked(
    session: Session, draft: PlanDraft, now: datetime, source: str, line_of: Mapping[Path, int]
) -> tuple[Region, Directory]:
    region = session.exec(select(Region).where(Region.code == draft.region)).one_or_none()
    if region is None or region.id is None:
        faults = [Fault(("region",), _("没有行政区%(code)s；请先载入它的单位名录。") % {"code": draft.region})]
        raise DraftRejected(placed(faults, line_of), located(faults, source, line_of))
    directory = load_directory(session, region.id, today=local_day(now, region.time_zone))
    faults = plan_faults(draft, directory)
    other = session.exec(select(Plan).where(Plan.code == draft.code, Plan.region_id != region.id)).one_or_none()
    if other is not None:
        faults.append(Fault(("code",), _("代码%(code)s已用于别的行政区的规划。") % {"code": draft.code}))
    if faults:
        raise DraftRejected(placed(faults, line_of), located(faults, source, line_of))
    return region, directory


def _last_edition(session: Session, plan: Plan | None) -> PlanEdition | None:
    if plan is None:
        return None
    return session.exec(
        select(PlanEdition).where(PlanEdition.plan_id == plan.id).order_by(col(PlanEdition.number).desc()).limit(1)
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


def _phases_and_areas(work: Work, draft: PlanDraft) -> None:
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
