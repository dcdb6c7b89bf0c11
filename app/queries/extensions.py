"""Requests for a later date, as the secretariat decides them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, tuple_
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.domain.workflow import Role, State
from app.errors import NotFound
from app.models import Account, Department, Extension, Milestone, Obligation, Phase, Plan, Task
from app.models.extension import ExtensionState

PAGE = 50


@dataclass(frozen=True, slots=True)
class ExtensionRow:
    """`decision` is the request's own state; `state`, `due`, `first_due` and `risk` are the obligation's today."""

    id: int
    obligation_id: int
    plan_title: str
    task_number: str
    task_title: str
    phase: str
    department: str
    role: Role
    state: State
    due: date | None
    first_due: date | None
    risk: bool
    late_days: int | None
    extensions: int
    reason: str
    due_before: date
    proposed_due: date
    requested_on: date
    requested_by: str
    decision: ExtensionState
    granted_due: date | None
    decision_reason: str
    decided_by: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class ExtensionPage:
    """`after` asks for the next page; None on the last one."""

    rows: Sequence[ExtensionRow]
    after: int | None


_Asked, _Decided = aliased(Account), aliased(Account)
_COLUMNS: list[Any] = [  # in the order of ExtensionRow
    Extension.id,
    Extension.obligation_id,
    Plan.title,
    Task.number,
    Task.title,
    Phase.name,
    Department.name,
    Obligation.role,
    Obligation.state,
    Obligation.due,
    Obligation.first_due,
    Obligation.risk,
    Obligation.late_days,
    Obligation.extensions,
    Extension.reason,
    Extension.due_before,
    Extension.proposed_due,
    Extension.requested_on,
    _Asked.name,
    Extension.state,
    Extension.granted_due,
    Extension.decision_reason,
    _Decided.name,
    Extension.decided_at,
]


def _rows() -> Select[Any]:
    return (
        select_columns(*_COLUMNS)
        .select_from(Extension)
        .join(Obligation, col(Obligation.id) == Extension.obligation_id)
        .join(Plan, col(Plan.id) == Obligation.plan_id)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .join(Department, col(Department.id) == Obligation.department_id)
        .join(_Asked, col(_Asked.id) == Extension.requested_by)
        .outerjoin(_Decided, col(_Decided.id) == Extension.decided_by)
    )


def open_requests(session: Session, region_id: int, *, after: int | None = None, limit: int = PAGE) -> ExtensionPage:
    """First asked first. `after`: the last request shown; raises NotFound when the region has none of that number.

    Numbers do not tell who asked first: a request that was entered later may have been made before.
    """
    statement = _rows().where(col(Extension.region_id) == region_id, col(Extension.state) == ExtensionState.REQUESTED)
    if after is not None:
        asked_at = session.exec(
            select(Extension.requested_at).where(Extension.id == after, Extension.region_id == region_id)
        ).one_or_none()
        if asked_at is None:
            raise NotFound
        statement = statement.where(tuple_(col(Extension.requested_at), col(Extension.id)) > (asked_at, after))
    statement = statement.order_by(col(Extension.requested_at), col(Extension.id)).limit(limit + 1)
    rows = [ExtensionRow(*row) for row in session.execute(statement)]
    return ExtensionPage(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)


def open_request_count(session: Session, region_id: int) -> int:
    return session.exec(
        select(func.count())
        .select_from(Extension)
        .where(Extension.region_id == region_id, Extension.state == ExtensionState.REQUESTED)
    ).one()


def extension_row(session: Session, extension_id: int) -> ExtensionRow:
    return ExtensionRow(*session.execute(_rows().where(col(Extension.id) == extension_id)).one())


def extensions_of(session: Session, obligation_id: int) -> list[ExtensionRow]:
    """All requests on one obligation, oldest first."""
    statement = _rows().where(col(Extension.obligation_id) == obligation_id)
    return [ExtensionRow(*row) for row in session.execute(statement.order_by(col(Extension.id)))]
