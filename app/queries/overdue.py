"""What is overdue: now, by one index range scan over the rows, and as of any past day, over the events."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, and_, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.domain.workflow import WAITING_FOR_DEPARTMENT, Role, State
from app.models import Department, Milestone, Obligation, ObligationEvent, Phase, Plan, Task

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


def _filtered(statement: Select[Any], source: Any, wanted: OverdueFilter, today: date) -> Select[Any]:
    if wanted.plan_code is not None:
        statement = statement.where(col(Plan.code) == wanted.plan_code)
    if wanted.department_id is not None:
        statement = statement.where(source.department_id == wanted.department_id)
    if wanted.min_days is not None:
        statement = statement.where(source.due <= date.fromordinal(today.toordinal() - wanted.min_days))
    return statement


def _item(row: Row[Any], today: date) -> OverdueItem:
    values: Mapping[str, Any] = row._mapping  # noqa: SLF001 (SQLAlchemy's public name for it)
    return OverdueItem(**values, days_late=(today - values["due"]).days)


def _shown(obligation: Any, standing: Any) -> list[Any]:
    return [
        obligation.id.label("obligation_id"),
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
        obligation.first_due.label("first_due"),
    ]


def overdue_now(
    session: Session, region_id: int, today: date, wanted: OverdueFilter = NO_FILTER, *, limit: int = ALL_ROWS
) -> list[OverdueItem]:
    """Longest overdue first."""
    statement = (
        select(*_shown(Obligation, Obligation), col(Obligation.extensions).label("extensions"))
        .select_from(Obligation)
        .join(Plan, col(Plan.id) == Obligation.plan_id)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .join(Department, col(Department.id) == Obligation.department_id)
        .where(
            Obligation.region_id == region_id,
            col(Obligation.state).in_(WAITING_FOR_DEPARTMENT),
            col(Obligation.due) < today,
        )
        .order_by(col(Obligation.due), col(Obligation.id))
        .limit(limit)
    )
    return [_item(row, today) for row in session.execute(_filtered(statement, Obligation, wanted, today))]


def overdue_as_known(
    session: Session, region_id: int, day: date, *, cutoff: datetime, wanted: OverdueFilter = NO_FILTER
) -> list[OverdueItem]:
    """The list of `day` from the events recorded before `cutoff`: what was known then, whatever came later."""
    later = aliased(ObligationEvent)
    extended = aliased(ObligationEvent)
    extensions = (
        select(func.count())
        .select_from(extended)
        .where(
            extended.obligation_id == ObligationEvent.obligation_id,
            extended.kind == "extended",
            extended.seq <= ObligationEvent.seq,
        )
        .scalar_subquery()
    )
    overtaken = (
        select(later.id)
        .where(
            later.obligation_id == ObligationEvent.obligation_id,
            later.seq > ObligationEvent.seq,
            later.recorded_at < cutoff,
        )
        .exists()
    )
    statement = (
        select(*_shown(Obligation, ObligationEvent), extensions.label("extensions"))
        .select_from(ObligationEvent)
        .join(Obligation, col(Obligation.id) == ObligationEvent.obligation_id)
        .join(Plan, col(Plan.id) == Obligation.plan_id)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .join(Department, col(Department.id) == ObligationEvent.department_id)
        .where(
            and_(
                ObligationEvent.region_id == region_id,
                col(ObligationEvent.state).in_(WAITING_FOR_DEPARTMENT),
                col(ObligationEvent.due) < day,
                col(ObligationEvent.recorded_at) < cutoff,
                ~overtaken,
            )
        )
        .order_by(col(ObligationEvent.due), col(Obligation.id))
    )
    return [_item(row, day) for row in session.execute(_filtered(statement, ObligationEvent, wanted, day))]
