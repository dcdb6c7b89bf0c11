"""The obligations behind a figure of the region's overview: of several plans, filtered, counted, by pages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, func, or_
from sqlmodel import Session, col, select

from app.domain.lights import Light
from app.domain.workflow import Role, State
from app.models import Department, Milestone, Obligation, Phase, Plan, ProgressUpdate, Task
from app.queries.obligation_lights import light_column
from app.queries.obligations import FAR, PAGE
from app.queries.waiting import waits_for_department

# Due date (FAR where there is none) and id of the last row shown.
RowKey = tuple[date, int]


class Standing(StrEnum):
    """What a list can show beside the lights."""

    WAITING = "waiting"  # not submitted: open or returned
    ON_TIME = "on_time"  # accepted, submitted in time
    LATE = "late"  # accepted, submitted late
    FRESH = "fresh"  # overdue, and not so last week
    CLEARED = "cleared"  # overdue last week, and no more
    WAITS = "waits"  # its department decides and waits for supporters
    AWAITED = "awaited"  # its department supports and is waited for


# Those that are known by their ids and not by a condition on the row.
BY_IDS = frozenset({Standing.FRESH, Standing.CLEARED, Standing.WAITS, Standing.AWAITED})


@dataclass(frozen=True, slots=True)
class WantedObligations:
    """`ids`: the obligations that a standing of BY_IDS means. Without light or standing all that are owed."""

    plan_ids: Sequence[int]
    department_id: int | None = None
    light: Light | None = None
    standing: Standing | None = None
    ids: Collection[int] = ()
    due: date | None = None


@dataclass(frozen=True, slots=True)
class OverviewRow:
    """`last_on` is the day of the newest report."""

    id: int
    plan_code: str
    plan_title: str
    task_number: str
    task_title: str
    phase: str
    review: str | None
    department_id: int
    department: str
    role: Role
    state: State
    due: date | None
    first_due: date | None
    risk: bool
    late_days: int | None
    last_on: date | None


@dataclass(frozen=True, slots=True)
class OverviewRows:
    """`count` is of all pages; `after` the key of the next page, None on the last."""

    rows: Sequence[OverviewRow]
    count: int
    after: RowKey | None


_COLUMNS: list[Any] = [
    col(Obligation.id),
    col(Plan.code),
    col(Plan.title),
    col(Task.number),
    col(Task.title),
    col(Phase.name),
    col(Milestone.review),
    col(Department.id),
    col(Department.name),
    col(Obligation.role),
    col(Obligation.state),
    col(Obligation.due),
    col(Obligation.first_due),
    col(Obligation.risk),
    col(Obligation.late_days),
    col(ProgressUpdate.on),
]


def overview_rows(
    session: Session,
    region_id: int,
    wanted: WantedObligations,
    today: date,
    *,
    after: RowKey | None = None,
    limit: int = PAGE,
) -> OverviewRows:
    """Most urgent first: by due date, what has none at the end."""
    count = session.execute(_filtered(select(func.count()), region_id, wanted, today)).scalar_one()
    due = func.coalesce(Obligation.due, FAR)
    statement = (
        _filtered(select(*_COLUMNS), region_id, wanted, today)
        .join(Plan, col(Plan.id) == Obligation.plan_id)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .join(Department, col(Department.id) == Obligation.department_id)
        .outerjoin(ProgressUpdate, col(ProgressUpdate.id) == Obligation.last_update_id)
    )
    if after is not None:
        day, key = after
        statement = statement.where(or_(due > day, and_(due == day, col(Obligation.id) > key)))
    rows = [OverviewRow(*row) for row in session.execute(statement.order_by(due, col(Obligation.id)).limit(limit + 1))]
    more = len(rows) > limit
    rows = rows[:limit]
    return OverviewRows(rows, count, (rows[-1].due or FAR, rows[-1].id) if more else None)


def _filtered(statement: Select[Any], region_id: int, wanted: WantedObligations, today: date) -> Select[Any]:
    statement = (
        statement.select_from(Obligation)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .where(col(Obligation.region_id) == region_id, col(Obligation.plan_id).in_(wanted.plan_ids))
    )
    # What an edition of the plan has withdrawn is owed by nobody, but it may be why something is overdue no more.
    if wanted.standing is not Standing.CLEARED:
        statement = statement.where(col(Milestone.withdrawn).is_(False), col(Obligation.state) != State.CANCELLED)
    if wanted.department_id is not None:
        statement = statement.where(col(Obligation.department_id) == wanted.department_id)
    if wanted.due is not None:
        statement = statement.where(col(Obligation.due) == wanted.due)
    if wanted.light is not None:
        statement = statement.where(light_column(today) == wanted.light.value)
    if wanted.standing in BY_IDS:
        return statement.where(col(Obligation.id).in_(wanted.ids))
    match wanted.standing:
        case Standing.WAITING:
            return statement.where(waits_for_department(Obligation.state))
        case Standing.ON_TIME:
            return statement.where(col(Obligation.state) == State.ACCEPTED, col(Obligation.late_days) == 0)
        case Standing.LATE:
            return statement.where(col(Obligation.state) == State.ACCEPTED, col(Obligation.late_days) > 0)
        case _:
            return statement
