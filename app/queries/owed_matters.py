"""What a run of reminders may have to speak of: what is open, and what is overdue for long."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.clock import local_day
from app.domain.digest import Hearer
from app.domain.heard_dues import heard_dues
from app.domain.reminders import Hearing, Ladders, Matter
from app.domain.workflow import WAITING_FOR_DEPARTMENT, EventKind, State
from app.models import (
    Department,
    Milestone,
    Obligation,
    ObligationEvent,
    Phase,
    Plan,
    Region,
    Task,
)
from app.queries.told_before import MEMORY

_MATTER: list[Any] = [
    col(Obligation.id).label("obligation_id"),
    col(Obligation.department_id).label("department_id"),
    col(Plan.title).label("plan_title"),
    col(Task.number).label("task_number"),
    col(Task.title).label("task_title"),
    col(Phase.name).label("phase"),
    col(Obligation.role).label("role"),
    col(Obligation.state).label("state"),
    col(Obligation.due).label("due"),
    col(Obligation.first_due).label("first_due"),
    col(Obligation.revision).label("revision"),
    col(Obligation.plan_id).label("plan_id"),
    col(Department.name).label("department"),
]
_AT_ONCE = 1_000  # rows that are read ahead of a long list
_CAME = (EventKind.OPENED, EventKind.REOPENED, EventKind.TRANSFERRED)


def open_matters(
    session: Session,
    region_id: int,
    departments: Sequence[int],
    ladders: Ladders,
    *,
    new_since: datetime,
    now: datetime,
) -> list[Matter]:
    """What the departments owe and a run of that day may have to speak of; most of what is far away is left out."""
    came_lately = select(ObligationEvent.obligation_id).where(
        ObligationEvent.region_id == region_id,
        col(ObligationEvent.state).in_(WAITING_FOR_DEPARTMENT),
        col(ObligationEvent.kind).in_(_CAME),
        col(ObligationEvent.recorded_at) > new_since,
    )
    worth_saying = or_(
        col(Obligation.due) <= ladders.farthest,
        col(Obligation.state) == State.RETURNED,
        col(Obligation.id).in_(came_lately),
    )
    owed = (
        col(Obligation.region_id) == region_id,
        col(Obligation.department_id).in_(departments),
        col(Obligation.state).in_(WAITING_FOR_DEPARTMENT),
        worth_saying,
    )
    zone = session.get_one(Region, region_id).time_zone
    news = _news(session, owed, zone, new_since=new_since, remembered=now - MEMORY)
    return [
        Matter(**row._mapping, **news.get(row.obligation_id, {}))  # noqa: SLF001 (SQLAlchemy's public name for it)
        for row in session.execute(_matters(*owed))
    ]


def late_matters(session: Session, region_id: int, hearers: Sequence[Hearer], ladders: Ladders) -> Iterator[Matter]:
    """What is overdue for so long that some of these secretariats and leaders may have to hear of it.

    Read as it is gone through: a region may have more of it than fits into memory.
    """
    heard = []
    for hearing in (Hearing.SECRETARIAT, Hearing.LEADER):
        asked = [hearer for hearer in hearers if hearer.hearing is hearing]
        dues = heard_dues(ladders.all, hearing) if asked else None
        if dues is None:
            continue
        conditions = [col(Obligation.due) <= dues.latest]
        if dues.earliest is not None:
            conditions.append(col(Obligation.due) >= dues.earliest)
        if all(hearer.departments is not None for hearer in asked):
            departments = sorted({one for hearer in asked for one in hearer.departments or ()})
            conditions.append(col(Obligation.department_id).in_(departments))
        heard.append(and_(*conditions))
    if not heard:
        return
    statement = _matters(
        col(Obligation.region_id) == region_id, col(Obligation.state).in_(WAITING_FOR_DEPARTMENT), or_(*heard)
    )
    for row in session.execute(statement, execution_options={"yield_per": _AT_ONCE}):
        yield Matter(**row._mapping)  # noqa: SLF001


def _matters(*conditions: ColumnElement[bool]) -> Select[Any]:
    return (
        select_columns(*_MATTER)
        .select_from(Obligation)
        .join(Plan, col(Plan.id) == Obligation.plan_id)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .join(Department, col(Department.id) == Obligation.department_id)
        .where(*conditions)
    )


def _news(
    session: Session, owed: Sequence[ColumnElement[bool]], zone: str, *, new_since: datetime, remembered: datetime
) -> Mapping[int, dict[str, Any]]:
    """The last return that is still remembered, and the last coming since the last run, by obligation."""
    lately = or_(
        and_(
            col(ObligationEvent.kind) == EventKind.RETURNED,
            col(Obligation.state) == State.RETURNED,
            col(ObligationEvent.recorded_at) > remembered,
        ),
        and_(col(ObligationEvent.kind).in_(_CAME), col(ObligationEvent.recorded_at) > new_since),
    )
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    for obligation_id, kind, seq, reason, recorded_at in session.execute(
        select_columns(
            col(ObligationEvent.obligation_id),
            col(ObligationEvent.kind),
            col(ObligationEvent.seq),
            col(ObligationEvent.reason),
            col(ObligationEvent.recorded_at),
        )
        .join(Obligation, col(Obligation.id) == ObligationEvent.obligation_id)
        .where(*owed, lately)
        .order_by(col(ObligationEvent.obligation_id), col(ObligationEvent.seq))
    ):
        known = found[obligation_id]
        if kind is EventKind.RETURNED:
            known |= {"returned_at": seq, "reason": reason}
        else:
            known |= {"opened_at": seq, "opened_on": local_day(recorded_at, zone)}
    return found
