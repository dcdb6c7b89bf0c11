"""The obligations of a region over all plans: filtered, counted, by pages. What stands behind the figures of a
department's page and of the calendar.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVarTuple

from sqlalchemy import Select, case, select
from sqlmodel import Session, col

from app.domain.lights import Light
from app.domain.punctuality import Outcome
from app.domain.workflow import WAITING_FOR_DEPARTMENT, Role, State
from app.models import Milestone, Obligation, Task
from app.queries.listed_obligations import BY_DATE, ListedObligation, Narrow, listed_rows
from app.queries.obligation_lights import light_column
from app.queries.obligations import FAR, PAGE

Columns = TypeVarTuple("Columns")

# (numbers and days that lead, id) of the last row that was shown.
RowKey = tuple[int | date, ...]


@dataclass(frozen=True, slots=True)
class RowsWanted:
    """None: all. Without a light everything counts that has not been withdrawn from its department.

    `due_from` and `due_to` are both inside; with either of them only rows count that have a due date.
    """

    department_id: int | None = None
    plan_id: int | None = None
    role: Role | None = None
    light: Light | None = None
    outcome: Outcome | None = None
    due_from: date | None = None
    due_to: date | None = None


@dataclass(frozen=True, slots=True)
class RegionRows:
    """`count` is of all pages; `after` the key of the next page, None on the last."""

    rows: Sequence[ListedObligation]
    count: int
    after: RowKey | None


def outcome_column(today: date) -> Any:
    """What `domain.punctuality.outcome` says of rows that have a due date and were not withdrawn."""
    waiting = col(Obligation.state).in_(WAITING_FOR_DEPARTMENT)
    return case(
        (waiting & (col(Obligation.due) < today), Outcome.MISSING.value),
        (waiting, Outcome.AHEAD.value),
        (col(Obligation.late_days) > 0, Outcome.LATE.value),
        else_=Outcome.ON_TIME.value,
    )


def owed(statement: Select[*Columns], region_id: int, wanted: RowsWanted, today: date) -> Select[*Columns]:
    """The statement over Obligation, with its Milestone and narrowed; what a later edition withdrew is left out."""
    return _wanted(statement.join(Milestone, col(Milestone.id) == Obligation.milestone_id), region_id, wanted, today)


def _wanted(statement: Select[*Columns], region_id: int, wanted: RowsWanted, today: date) -> Select[*Columns]:
    statement = statement.where(col(Obligation.region_id) == region_id, col(Milestone.withdrawn).is_(False))
    if wanted.department_id is not None:
        statement = statement.where(col(Obligation.department_id) == wanted.department_id)
    if wanted.plan_id is not None:
        statement = statement.where(col(Obligation.plan_id) == wanted.plan_id)
    if wanted.role is not None:
        statement = statement.where(col(Obligation.role) == wanted.role)
    if wanted.due_from is not None:
        statement = statement.where(col(Obligation.due) >= wanted.due_from)
    if wanted.due_to is not None:
        statement = statement.where(col(Obligation.due) <= wanted.due_to)
    if wanted.outcome is not None:
        statement = statement.where(
            outcome_column(today) == wanted.outcome.value,
            col(Obligation.due).is_not(None),
            col(Obligation.state) != State.CANCELLED,
        )
    if wanted.light is None:
        return statement.where(col(Obligation.state) != State.CANCELLED)
    return statement.where(light_column(today) == wanted.light.value)


def _narrowed(region_id: int, wanted: RowsWanted, today: date) -> Narrow:
    return lambda statement: _wanted(statement, region_id, wanted, today)


def rows_by_date(
    session: Session,
    region_id: int,
    wanted: RowsWanted,
    today: date,
    *,
    after: RowKey | None = None,
    limit: int = PAGE,
) -> RegionRows:
    """Most urgent first: by due date, what has none at the end. The key is (due, id)."""
    rows, count, more = listed_rows(session, _narrowed(region_id, wanted, today), BY_DATE, after=after, limit=limit)
    return RegionRows(rows, count, (rows[-1].due or FAR, rows[-1].id) if more else None)


def rows_by_task(
    session: Session,
    region_id: int,
    wanted: RowsWanted,
    today: date,
    *,
    after: RowKey | None = None,
    limit: int = PAGE,
) -> RegionRows:
    """Plan by plan, in the order of the document. The key is (plan, place of the task, id)."""
    keys = [col(Obligation.plan_id), col(Task.position), col(Obligation.id)]
    rows, count, more = listed_rows(session, _narrowed(region_id, wanted, today), keys, after=after, limit=limit)
    last = rows[-1] if more else None
    return RegionRows(rows, count, (last.plan_id, last.task_position, last.id) if last else None)


def tasks_taken_part_in(session: Session, region_id: int, department_id: int | None) -> frozenset[int]:
    """The tasks of the region in which the department takes part; whose reports it may therefore read."""
    if department_id is None:
        return frozenset()
    return frozenset(
        session.execute(
            select(col(Obligation.task_id))
            .where(col(Obligation.region_id) == region_id, col(Obligation.department_id) == department_id)
            .distinct()
        ).scalars()
    )
