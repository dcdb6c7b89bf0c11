"""Obligations as lists and as one page; columns only, never objects, and always a constant number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, case
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.domain.workflow import EventKind, Role, State
from app.models import (
    Account,
    Department,
    DepartmentGroup,
    Evidence,
    Milestone,
    Obligation,
    ObligationEvent,
    Phase,
    Plan,
    ProgressUpdate,
    Review,
    Task,
)
from app.models.progress_update import UpdateKind

PAGE = 50
FAR = date(9999, 12, 31)  # sorts what has no due date behind everything that has one


@dataclass(frozen=True, slots=True)
class ObligationRow:
    """One line of a list. `last_text` is the newest report's text, `last_on` its day."""

    id: int
    region_id: int
    plan_code: str
    plan_title: str
    task_id: int
    task_number: str
    task_title: str
    milestone_id: int
    phase: str
    printed: str
    expected: str
    review: str | None
    department_id: int
    department: str
    role: Role
    state: State
    due: date | None
    first_due: date | None
    risk: bool
    submitted_on: date | None
    late_days: int | None
    extensions: int
    revision: int
    percent: int
    last_kind: UpdateKind | None
    last_text: str | None
    last_on: date | None


_COLUMNS: list[Any] = [
    col(Obligation.id).label("id"),
    col(Obligation.region_id).label("region_id"),
    col(Plan.code).label("plan_code"),
    col(Plan.title).label("plan_title"),
    col(Task.id).label("task_id"),
    col(Task.number).label("task_number"),
    col(Task.title).label("task_title"),
    col(Milestone.id).label("milestone_id"),
    col(Phase.name).label("phase"),
    col(Milestone.printed).label("printed"),
    col(Milestone.expected).label("expected"),
    col(Milestone.review).label("review"),
    col(Department.id).label("department_id"),
    col(Department.name).label("department"),
    col(Obligation.role).label("role"),
    col(Obligation.state).label("state"),
    col(Obligation.due).label("due"),
    col(Obligation.first_due).label("first_due"),
    col(Obligation.risk).label("risk"),
    col(Obligation.submitted_on).label("submitted_on"),
    col(Obligation.late_days).label("late_days"),
    col(Obligation.extensions).label("extensions"),
    col(Obligation.revision).label("revision"),
    col(Obligation.percent).label("percent"),
    col(ProgressUpdate.kind).label("last_kind"),
    col(ProgressUpdate.text).label("last_text"),
    col(ProgressUpdate.on).label("last_on"),
]


def rows_statement() -> Select[Any]:
    """Without any condition; `as_row` makes rows of what it finds."""
    return (
        select_columns(*_COLUMNS)
        .select_from(Obligation)
        .join(Plan, col(Plan.id) == Obligation.plan_id)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .join(Department, col(Department.id) == Obligation.department_id)
        .outerjoin(ProgressUpdate, col(ProgressUpdate.id) == Obligation.last_update_id)
    )


def as_row(row: Row[Any]) -> ObligationRow:
    """The row may have more columns than ours, behind them."""
    return ObligationRow(*row[: len(_COLUMNS)])


def milestone_obligations(session: Session, milestone_id: int) -> list[ObligationRow]:
    """All departments of one milestone: leads, then shared, then supporters, in the order of the register."""
    order = case(
        (col(Obligation.role) == Role.LEAD, 0),
        (col(Obligation.role) == Role.SHARED, 1),
        else_=2,
    )
    statement = (
        rows_statement()
        .where(col(Obligation.milestone_id) == milestone_id)
        .order_by(order, col(Department.position), col(Department.id))
    )
    return [as_row(row) for row in session.execute(statement)]


def task_obligations(session: Session, task_id: int) -> list[ObligationRow]:
    """All departments on all milestones of one task, milestone by milestone."""
    order = case(
        (col(Obligation.role) == Role.LEAD, 0),
        (col(Obligation.role) == Role.SHARED, 1),
        else_=2,
    )
    statement = (
        rows_statement()
        .where(col(Obligation.task_id) == task_id)
        .order_by(col(Milestone.position), order, col(Department.position), col(Department.id))
    )
    return [as_row(row) for row in session.execute(statement)]


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report with the name of who wrote it and its evidence."""

    id: int
    obligation_id: int
    department: str
    author: str
    kind: UpdateKind
    text: str
    difficulties: str
    next_step: str
    percent: int
    risk: bool
    on: date
    recorded_at: datetime
    evidence: Sequence[Evidence]


def reports(session: Session, obligation_ids: Sequence[int]) -> list[ReportRow]:
    """All reports on the obligations, newest first."""
    files: dict[int, list[Evidence]] = {}
    for file in session.exec(
        select(Evidence).where(col(Evidence.obligation_id).in_(obligation_ids)).order_by(col(Evidence.id))
    ):
        files.setdefault(file.update_id, []).append(file)
    statement = (
        select(ProgressUpdate, Department.name, Account.name)
        .join(Department, col(Department.id) == ProgressUpdate.department_id)
        .join(Account, col(Account.id) == ProgressUpdate.author_id)
        .where(col(ProgressUpdate.obligation_id).in_(obligation_ids))
        .order_by(col(ProgressUpdate.id).desc())
    )
    return [
        ReportRow(
            id=said.id or 0,
            obligation_id=said.obligation_id,
            department=department,
            author=author,
            kind=said.kind,
            text=said.text,
            difficulties=said.difficulties,
            next_step=said.next_step,
            percent=said.percent,
            risk=said.risk,
            on=said.on,
            recorded_at=said.recorded_at,
            evidence=files.get(said.id or 0, []),
        )
        for said, department, author in session.exec(statement)
    ]


@dataclass(frozen=True, slots=True)
class EventRow:
    """One entry of the trail; `actor` is None where a plan's publication or the system did it."""

    seq: int
    kind: EventKind
    on: date
    recorded_at: datetime
    actor: str | None
    reason: str
    state: State
    due: date | None
    department: str


def trail(session: Session, obligation_id: int) -> list[EventRow]:
    """All events, oldest first."""
    statement = (
        select_columns(
            col(ObligationEvent.seq),
            col(ObligationEvent.kind),
            col(ObligationEvent.on),
            col(ObligationEvent.recorded_at),
            col(Account.name),
            col(ObligationEvent.reason),
            col(ObligationEvent.state),
            col(ObligationEvent.due),
            col(Department.name),
        )
        .join(Department, col(Department.id) == ObligationEvent.department_id)
        .outerjoin(Account, col(Account.id) == ObligationEvent.actor_id)
        .where(col(ObligationEvent.obligation_id) == obligation_id)
        .order_by(col(ObligationEvent.seq))
    )
    return [EventRow(*row) for row in session.execute(statement)]


def last_review(session: Session, obligation_id: int) -> Review | None:
    return session.exec(
        select(Review).where(Review.obligation_id == obligation_id).order_by(col(Review.id).desc()).limit(1)
    ).one_or_none()


def group_name(session: Session, group_id: int | None) -> str | None:
    """The group through which a duty came, e.g. 各街道."""
    if group_id is None:
        return None
    return session.exec(select(DepartmentGroup.name).where(DepartmentGroup.id == group_id)).one_or_none()
