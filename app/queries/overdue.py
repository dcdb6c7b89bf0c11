"""What is overdue: now, by one index range scan over the rows, and as of any past day, over the events."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, func
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.domain.workflow import EventKind, Role, State
from app.models import Department, Milestone, Obligation, ObligationEvent, Phase, Plan, Task
from app.queries.waiting import waits_for_department
from app.queries.words_then import WordsThen, words_then

# A page never asks for more rows than this; the file and the frozen list take all.
ALL_ROWS = 1_000_000


@dataclass(frozen=True, slots=True)
class OverdueItem:
    """One overdue obligation in the words of the day that was asked for. `days_late` is at least 1."""

    obligation_id: int
    plan_code: str
    plan_title: str
    task_number: str
    task_title: str
    phase: str
    department_id: int
    department: str
    role: Role
    state: State
    due: date
    first_due: date
    days_late: int
    extensions: int


@dataclass(frozen=True, slots=True)
class OverdueFilter:
    plan_code: str | None = None
    department_id: int | None = None
    min_days: int | None = None


NO_FILTER = OverdueFilter()


@dataclass(frozen=True, slots=True)
class AsOf:
    """Which list is asked for: that of `day`, as it is known now, or (`cutoff`) by the events recorded before then."""

    region_id: int
    day: date
    cutoff: datetime | None = None

    @property
    def standing(self) -> Any:
        """Where state, due date, department and role are read: the rows or the events."""
        return Obligation if self.cutoff is None else ObligationEvent


def overdue_from(asked: AsOf, wanted: OverdueFilter, columns: Sequence[Any]) -> Select[Any]:
    """The columns over everything that is overdue, joined to plan, task, phase and department; without order."""
    standing = asked.standing
    statement = select_columns(*columns).select_from(standing)
    if asked.cutoff is not None:
        statement = statement.join(Obligation, col(Obligation.id) == ObligationEvent.obligation_id).where(
            col(ObligationEvent.recorded_at) < asked.cutoff, ~_overtaken_before(asked.cutoff)
        )
    statement = (
        statement.join(Plan, col(Plan.id) == Obligation.plan_id)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .join(Department, col(Department.id) == standing.department_id)
        .where(
            standing.region_id == asked.region_id,
            waits_for_department(standing.state),
            col(standing.due) < asked.day,
        )
    )
    if wanted.plan_code is not None:
        statement = statement.where(col(Plan.code) == wanted.plan_code)
    if wanted.department_id is not None:
        statement = statement.where(standing.department_id == wanted.department_id)
    if wanted.min_days is not None:
        statement = statement.where(standing.due <= date.fromordinal(asked.day.toordinal() - wanted.min_days))
    return statement


def item_columns(asked: AsOf) -> list[Any]:
    """What `items_of` needs."""
    standing = asked.standing
    extensions = col(Obligation.extensions) if asked.cutoff is None else _extensions_so_far()
    return [
        col(Obligation.id).label("obligation_id"),
        col(Plan.code).label("plan_code"),
        col(Plan.title).label("plan_title"),
        col(Task.number).label("task_number"),
        col(Task.title).label("task_title"),
        col(Phase.name).label("phase"),
        standing.department_id.label("department_id"),
        col(Department.name).label("department"),
        standing.role.label("role"),
        standing.state.label("state"),
        standing.due.label("due"),
        col(Obligation.first_due).label("first_due"),
        extensions.label("extensions"),
    ]


_WORDS_NOW = WordsThen()
_READ = [field.name for field in fields(OverdueItem) if field.name != "days_late"]


def items_of(session: Session, asked: AsOf, rows: Sequence[Row[Any]]) -> list[OverdueItem]:
    """In the words of the day that was asked for. The rows may hold other columns besides."""
    words = words_then(session, asked.region_id, asked.cutoff) if asked.cutoff and rows else _WORDS_NOW
    return [_item(row, asked.day, words) for row in rows]


def _item(row: Row[Any], day: date, words: WordsThen) -> OverdueItem:
    read = {name: getattr(row, name) for name in _READ}
    read["plan_title"] = words.plan(row.plan_code, row.plan_title)
    read["task_title"] = words.task(row.plan_code, row.task_number, row.task_title)
    return OverdueItem(**read, days_late=(day - row.due).days)


def overdue_now(
    session: Session, region_id: int, today: date, wanted: OverdueFilter = NO_FILTER, *, limit: int = ALL_ROWS
) -> list[OverdueItem]:
    """Longest overdue first."""
    return overdue_items(session, AsOf(region_id, today), wanted, limit=limit)


def overdue_as_known(
    session: Session, region_id: int, day: date, *, cutoff: datetime, wanted: OverdueFilter = NO_FILTER
) -> list[OverdueItem]:
    """The list of `day` from the events recorded before `cutoff`: what was known then, whatever came later."""
    return overdue_items(session, AsOf(region_id, day, cutoff), wanted)


def overdue_items(
    session: Session, asked: AsOf, wanted: OverdueFilter = NO_FILTER, *, limit: int = ALL_ROWS
) -> list[OverdueItem]:
    """Longest overdue first."""
    statement = overdue_from(asked, wanted, item_columns(asked)).order_by(asked.standing.due, col(Obligation.id))
    return items_of(session, asked, session.execute(statement.limit(limit)).all())


def _overtaken_before(cutoff: datetime) -> Any:
    """A later event of the same obligation was known by then."""
    later = aliased(ObligationEvent)
    return (
        select(later.id)
        .where(
            later.obligation_id == ObligationEvent.obligation_id,
            later.seq > ObligationEvent.seq,
            later.recorded_at < cutoff,
        )
        .exists()
    )


def _extensions_so_far() -> Any:
    extended = aliased(ObligationEvent)
    return (
        select(func.count())
        .select_from(extended)
        .where(
            extended.obligation_id == ObligationEvent.obligation_id,
            extended.kind == EventKind.EXTENDED,
            extended.seq <= ObligationEvent.seq,
        )
        .scalar_subquery()
    )
