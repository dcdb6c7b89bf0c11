"""The overdue list as a page shows it: in any order, in groups, key by key, with counts that add up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import func, tuple_
from sqlmodel import Session, col, select

from app.models import Department, Obligation, Plan
from app.queries.overdue import ALL_ROWS, AsOf, OverdueFilter, OverdueItem, item_columns, items_of, overdue_from

PAGE = 50

# (numbers of the leading keys, due date, obligation id) of the last row that was shown.
PageKey = tuple[int | date, ...]


class Order(StrEnum):
    DAYS = "days"
    DEPARTMENT = "department"
    PLAN = "plan"


class Grouping(StrEnum):
    NONE = "none"
    DEPARTMENT = "department"
    PLAN = "plan"


_LEADING: dict[str, list[Any]] = {
    "department": [col(Department.position), col(Department.id)],
    "plan": [col(Plan.id)],
}


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Groups come first, then the order; the longest overdue first among equals."""

    order: Order = Order.DAYS
    grouping: Grouping = Grouping.NONE

    @property
    def leading(self) -> list[str]:
        """What rows are sorted by before their due date."""
        names = [str(self.grouping), str(self.order)]
        return list(dict.fromkeys(name for name in names if name in _LEADING))

    @property
    def key_width(self) -> int:
        """How many numbers stand before the due date in a key."""
        return sum(len(_LEADING[name]) for name in self.leading)


@dataclass(frozen=True, slots=True)
class OverduePage:
    """`after` asks for the next page; None on the last one."""

    items: Sequence[OverdueItem]
    after: PageKey | None


def overdue_page(
    session: Session,
    asked: AsOf,
    wanted: OverdueFilter,
    arrangement: Arrangement,
    *,
    after: PageKey | None = None,
    limit: int = PAGE,
) -> OverduePage:
    leading = [key for name in arrangement.leading for key in _LEADING[name]]
    keys = [*leading, asked.standing.due, col(Obligation.id)]
    labelled = [key.label(f"key_{number}") for number, key in enumerate(leading)]
    statement = overdue_from(asked, wanted, [*item_columns(asked), *labelled])
    if after is not None:
        statement = statement.where(tuple_(*keys) > after)
    rows = session.execute(statement.order_by(*keys).limit(limit + 1)).all()
    shown = rows[:limit]
    items = items_of(session, asked, shown)
    if len(rows) <= limit:
        return OverduePage(items, None)
    last = shown[-1]
    return OverduePage(items, (*(last[-number] for number in range(len(leading), 0, -1)), last.due, last.obligation_id))


def overdue_all(
    session: Session, asked: AsOf, wanted: OverdueFilter, arrangement: Arrangement
) -> Sequence[OverdueItem]:
    """For files: every row, arranged as on the page."""
    return overdue_page(session, asked, wanted, arrangement, limit=ALL_ROWS).items


@dataclass(frozen=True, slots=True)
class OverdueCount:
    plan_code: str
    plan_title: str
    department_id: int
    department: str
    count: int


def overdue_counts(session: Session, asked: AsOf, wanted: OverdueFilter) -> list[OverdueCount]:
    """By department and plan, so that every total is a sum of these; in the order of the register."""
    keys = [col(Plan.code), col(Plan.title), col(Department.id), col(Department.name)]
    statement = (
        overdue_from(asked, wanted, [*keys, func.count()])
        .group_by(*keys, col(Plan.id), col(Department.position))
        .order_by(col(Department.position), col(Department.id), col(Plan.id))
    )
    return [OverdueCount(*row) for row in session.execute(statement)]


def department_totals(counts: Sequence[OverdueCount]) -> dict[tuple[int, str], int]:
    """(id, name) -> rows."""
    totals: dict[tuple[int, str], int] = {}
    for part in counts:
        key = (part.department_id, part.department)
        totals[key] = totals.get(key, 0) + part.count
    return totals


def plan_totals(counts: Sequence[OverdueCount]) -> dict[str, int]:
    """Plan code -> rows."""
    totals: dict[str, int] = {}
    for part in counts:
        totals[part.plan_code] = totals.get(part.plan_code, 0) + part.count
    return totals


def department_choices(session: Session, region_id: int) -> Sequence[tuple[int, str]]:
    """(id, name) of every department, in the order of the register."""
    return [
        (key, name)
        for key, name in session.execute(
            select(Department.id, Department.name)
            .where(Department.region_id == region_id)
            .order_by(col(Department.position), col(Department.id))
        )
    ]
