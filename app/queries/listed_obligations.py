"""Obligations as the lines of a list that says how they stand: whatever the list is of, a line is the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select, tuple_
from sqlmodel import Session, col

from app.domain.workflow import Role, State
from app.models import Department, Milestone, Obligation, Phase, Plan, ProgressUpdate, Task
from app.queries.obligations import FAR, PAGE

# Most urgent first: by due date, what has none at the end.
BY_DATE: Sequence[Any] = (func.coalesce(col(Obligation.due), FAR), col(Obligation.id))

# Due date (FAR where there is none) and id of the last row that was shown.
DateKey = tuple[date, int]


@dataclass(frozen=True, slots=True)
class ListedObligation:
    """`last_on` is the day of the newest report."""

    id: int
    plan_id: int
    plan_code: str
    plan_title: str
    task_id: int
    task_number: str
    task_title: str
    task_position: int
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


COLUMNS: list[Any] = [
    col(Obligation.id),
    col(Plan.id),
    col(Plan.code),
    col(Plan.title),
    col(Task.id),
    col(Task.number),
    col(Task.title),
    col(Task.position),
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

# Adds the conditions of one list to a statement over Obligation, its Task and its Milestone.
Narrow = Callable[[Select[Any]], Select[Any]]


@dataclass(frozen=True, slots=True)
class Listed:
    """`count` is of all pages; `after` the key of the next page, None on the last."""

    rows: Sequence[ListedObligation]
    count: int
    after: DateKey | None


def _with_task(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Obligation)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
    )


def listed_rows(
    session: Session, narrow: Narrow, keys: Sequence[Any], *, after: Sequence[Any] | None, limit: int
) -> tuple[Sequence[ListedObligation], int, bool]:
    """The rows behind `after` in the order of the keys, how many there are on all pages, and whether more follow."""
    count: int = session.execute(narrow(_with_task(func.count()))).scalar_one()
    statement = (
        narrow(_with_task(*COLUMNS))
        .join(Plan, col(Plan.id) == Obligation.plan_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .join(Department, col(Department.id) == Obligation.department_id)
        .outerjoin(ProgressUpdate, col(ProgressUpdate.id) == Obligation.last_update_id)
        .order_by(*keys)
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(tuple_(*keys) > tuple(after))
    rows = [ListedObligation(*row) for row in session.execute(statement)]
    return rows[:limit], count, len(rows) > limit


def listed_by_date(session: Session, narrow: Narrow, *, after: DateKey | None = None, limit: int = PAGE) -> Listed:
    rows, count, more = listed_rows(session, narrow, BY_DATE, after=after, limit=limit)
    return Listed(rows, count, (rows[-1].due or FAR, rows[-1].id) if more else None)
