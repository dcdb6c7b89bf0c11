"""The obligations of one department over all plans: sections, filters, orders, counts; columns only, by pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from app.domain.lights import DUE_SOON_DAYS
from app.domain.workflow import WAITING_FOR_DEPARTMENT, Role, State
from app.models import Milestone, Obligation, Plan, ProgressUpdate, Task
from app.queries.obligations import FAR, PAGE, ObligationRow, as_row, rows_statement

PageKey = tuple[Any, ...]  # what the order compares, of the last row shown


class Section(StrEnum):
    """Parts of a department's list. What was returned may be overdue as well and is in both parts."""

    TODO = "todo"
    DUE = "due"  # what wants doing now: overdue, returned, due soon
    OVERDUE = "overdue"
    RETURNED = "returned"
    DUE_SOON = "due_soon"
    LATER = "later"
    REVIEW = "review"
    DONE = "done"
    CANCELLED = "cancelled"


class Order(StrEnum):
    DUE = "due"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class ListFilter:
    """None: all. `year` of the due date, 0 for what has none; `text`: a part of the task's number and title."""

    plan_code: str | None = None
    role: Role | None = None
    phase_id: int | None = None
    year: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """`after`: the key of the last row, to ask for the next page with; None on the last page."""

    rows: Sequence[ObligationRow]
    after: PageKey | None


def _parts(today: date) -> Mapping[Section, ColumnElement[bool]]:
    """Lists and counts ask by the same conditions, so that a count says how many rows its link opens."""
    state, due = col(Obligation.state), col(Obligation.due)
    soon = date.fromordinal(today.toordinal() + DUE_SOON_DAYS)
    waiting = state.in_(WAITING_FOR_DEPARTMENT)
    pressing = or_(col(Obligation.risk), due <= soon)
    return {
        Section.TODO: waiting,
        Section.DUE: and_(waiting, or_(state == State.RETURNED, pressing)),
        Section.OVERDUE: and_(waiting, due < today),
        Section.RETURNED: state == State.RETURNED,
        Section.DUE_SOON: and_(waiting, func.coalesce(due, FAR) >= today, pressing),
        Section.LATER: and_(state == State.OPEN, func.coalesce(due, FAR) > soon, col(Obligation.risk).is_(False)),
        Section.REVIEW: state == State.SUBMITTED,
        Section.DONE: state == State.ACCEPTED,
        Section.CANCELLED: state == State.CANCELLED,
    }


def _filtered(statement: Select[Any], region_id: int, department_id: int, wanted: ListFilter | None) -> Select[Any]:
    statement = statement.where(col(Obligation.region_id) == region_id, col(Obligation.department_id) == department_id)
    if wanted is None:
        return statement
    if wanted.plan_code is not None:
        statement = statement.where(col(Plan.code) == wanted.plan_code)
    if wanted.role is not None:
        statement = statement.where(col(Obligation.role) == wanted.role)
    if wanted.phase_id is not None:
        statement = statement.where(col(Milestone.phase_id) == wanted.phase_id)
    if wanted.year == 0:
        statement = statement.where(col(Obligation.due).is_(None))
    elif wanted.year is not None:
        year = col(Obligation.due).between(date(wanted.year, 1, 1), date(wanted.year, 12, 31))
        statement = statement.where(year)
    if wanted.text:
        shown = col(Task.number) + " " + col(Task.title)
        statement = statement.where(shown.icontains(wanted.text, autoescape=True))
    return statement


def _keys(order: Order) -> list[Any]:
    due = func.coalesce(Obligation.due, FAR)
    if order is Order.PLAN:
        return [col(Obligation.plan_id), col(Task.position), due, col(Obligation.id)]
    return [due, col(Obligation.id)]


def _key(row: Any, order: Order) -> PageKey:
    due = row.due or FAR
    return (row.plan_id, row.position, due, row.id) if order is Order.PLAN else (due, row.id)


def _behind(keys: Sequence[Any], values: PageKey) -> ColumnElement[bool]:
    pairs = list(zip(keys, values, strict=True))
    return or_(*(and_(*(key == at for key, at in pairs[:n]), key > at) for n, (key, at) in enumerate(pairs)))


def department_obligations(
    session: Session,
    region_id: int,
    department_id: int,
    section: Section,
    today: date,
    *,
    wanted: ListFilter | None = None,
    order: Order = Order.DUE,
    after: PageKey | None = None,
    without: Sequence[int] = (),
    limit: int = PAGE,
) -> Page:
    """By due date, what has none at the end; or plan by plan as printed. `after` is the key of the last row shown."""
    keys = _keys(order)
    statement = _filtered(rows_statement(), region_id, department_id, wanted).where(_parts(today)[section])
    if without:
        statement = statement.where(col(Obligation.id).not_in(without))
    if after is not None:
        statement = statement.where(_behind(keys, after))
    ordered = statement.add_columns(col(Obligation.plan_id), col(Task.position)).order_by(*keys).limit(limit + 1)
    found = list(session.execute(ordered))
    rows = [as_row(row) for row in found[:limit]]
    return Page(rows, _key(found[limit - 1], order) if len(found) > limit else None)


def department_counts(
    session: Session, region_id: int, department_id: int, today: date, wanted: ListFilter | None = None
) -> dict[Section, int]:
    """How many rows each section has under the same filter."""
    parts = _parts(today)
    counted = [func.coalesce(func.sum(case((condition, 1), else_=0)), 0) for condition in parts.values()]
    statement = select_columns(*counted).select_from(Obligation)
    if wanted is not None:
        statement = (
            statement.join(Plan, col(Plan.id) == Obligation.plan_id)
            .join(Task, col(Task.id) == Obligation.task_id)
            .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        )
    counts = session.execute(_filtered(statement, region_id, department_id, wanted)).one()
    return dict(zip(parts, counts, strict=True))


def most_urgent(session: Session, region_id: int, department_id: int, today: date) -> ObligationRow | None:
    """What to do next: what is late before what came back before what is due soon; the earlier date first.

    What was reported on today comes after everything that was not.
    """
    parts = _parts(today)
    rank = case((parts[Section.OVERDUE], 0), (parts[Section.RETURNED], 1), else_=2)
    statement = (
        _filtered(rows_statement(), region_id, department_id, None)
        .where(parts[Section.DUE])
        .order_by(case((col(ProgressUpdate.on) == today, 1), else_=0), rank, *_keys(Order.DUE))
        .limit(1)
    )
    row = session.execute(statement).one_or_none()
    return as_row(row) if row is not None else None


def rows_of_department(
    session: Session, region_id: int, department_id: int, obligation_ids: Sequence[int]
) -> dict[int, ObligationRow]:
    """By id, those that are the department's own; in the order in which they were asked for."""
    if not obligation_ids:
        return {}
    statement = _filtered(rows_statement(), region_id, department_id, None)
    statement = statement.where(col(Obligation.id).in_(obligation_ids))
    found = {row.id: as_row(row) for row in session.execute(statement)}
    return {key: found[key] for key in obligation_ids if key in found}
