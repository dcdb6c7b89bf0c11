"""The obligations of a plan that is being published: opened, changed and cancelled by the edition, never rewritten."""

from datetime import date
from typing import TypeAlias

from sqlmodel import select

from app.changes.publication import Work
from app.changes.record_event import record_event
from app.domain.workflow import LIVE, EventKind, Role, State
from app.drafts.plan_draft import PlanStatus
from app.i18n import gettext as _
from app.i18n import officially
from app.models import Milestone, Obligation, ObligationEvent

# department id -> (heaviest role, id of the group through which the duty came)
Duties: TypeAlias = dict[int, tuple[Role, int | None]]


def publish_obligations(work: Work, wanted: dict[int, tuple[Milestone, Duties]]) -> None:
    """`wanted` maps each milestone that stands to who owes a report on it; everybody else's is cancelled."""
    session, plan = work.session, work.plan
    known: dict[tuple[int, int], Obligation] = {
        (row.milestone_id, row.department_id): row
        for row in session.exec(select(Obligation).where(Obligation.plan_id == plan.id))
    }
    # What was done under an old name is done: the successor does not owe it again.
    done = {
        (row.milestone_id, work.directory.present_holder(row.department_id, row.task_id))
        for row in known.values()
        if row.state is State.ACCEPTED
    }
    fresh: list[Obligation] = []
    for milestone_id, (milestone, holders) in wanted.items():
        for department_id, (role, group_id) in holders.items():
            row = known.pop((milestone_id, department_id), None)
            if row is None and (milestone_id, department_id) in done:
                continue
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
        if row.state is State.ACCEPTED and _done_before(work, row, wanted):
            continue
        if row.state is not State.CANCELLED and (row.state in LIVE or plan.status is not PlanStatus.CLOSED):
            with officially():
                reason = _("第%(number)s版规划不再列此项责任。") % {"number": work.edition}
            record_event(session, row, EventKind.CANCELLED, on=work.today, now=work.now, by=work.by, reason=reason)
            work.result.cancelled += 1
    session.add_all(fresh)
    session.flush()
    session.add_all(_opening(work, row) for row in fresh)
    work.result.opened += len(fresh)


def _done_before(work: Work, row: Obligation, wanted: dict[int, tuple[Milestone, Duties]]) -> bool:
    """Whether it was done under a name whose duties are those of somebody who is wanted."""
    _milestone, holders = wanted.get(row.milestone_id, (None, {}))
    return work.directory.present_holder(row.department_id, row.task_id) in holders


def _opening(work: Work, row: Obligation) -> ObligationEvent:
    return ObligationEvent(
        region_id=row.region_id,
        obligation_id=row.id or 0,
        seq=1,
        kind=EventKind.OPENED,
        on=work.today,
        recorded_at=work.recorded_at,
        actor_id=work.by,
        state=State.OPEN,
        due=row.due,
        department_id=row.department_id,
        role=row.role,
    )


def _adjust(work: Work, row: Obligation, milestone: Milestone, role: Role) -> None:
    """An obligation that stays: brings back what was cancelled, follows a changed role or date."""
    with officially():
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
