"""The secretariat's review queue, and what was decided before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, tuple_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.domain.workflow import Role, State
from app.models import Account, Department, Evidence, Milestone, Obligation, Phase, Plan, ProgressUpdate, Review, Task
from app.models.review import ReviewDecision

PAGE = 50
EXCERPT = 120  # characters of the report that the queue shows

# (day of submission, obligation): the longest waiting first.
QueueKey = tuple[date, int]


@dataclass(frozen=True, slots=True)
class QueueRow:
    """`excerpt` is the beginning of the report; `evidence` counts the files that came with it."""

    id: int
    plan_title: str
    task_number: str
    task_title: str
    phase: str
    department: str
    role: Role
    state: State
    due: date | None
    submitted_on: date
    late_days: int | None
    excerpt: str | None
    evidence: int


@dataclass(frozen=True, slots=True)
class Queue:
    """`after` asks for the next page; None on the last one."""

    rows: Sequence[QueueRow]
    after: QueueKey | None


_COLUMNS: list[Any] = [  # in the order of QueueRow
    Obligation.id,
    Plan.title,
    Task.number,
    Task.title,
    Phase.name,
    Department.name,
    Obligation.role,
    Obligation.state,
    Obligation.due,
    Obligation.submitted_on,
    Obligation.late_days,
    func.substr(ProgressUpdate.text, 1, EXCERPT + 1),
    select(func.count())
    .select_from(Evidence)
    .where(Evidence.update_id == Obligation.last_update_id)
    .correlate(Obligation)
    .scalar_subquery(),
]


def review_queue(session: Session, region_id: int, *, after: QueueKey | None = None, limit: int = PAGE) -> Queue:
    statement = (
        select_columns(*_COLUMNS)
        .select_from(Obligation)
        .join(Plan, col(Plan.id) == Obligation.plan_id)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .join(Department, col(Department.id) == Obligation.department_id)
        .outerjoin(ProgressUpdate, col(ProgressUpdate.id) == Obligation.last_update_id)
        .where(col(Obligation.region_id) == region_id, col(Obligation.state) == State.SUBMITTED)
        .order_by(col(Obligation.submitted_on), col(Obligation.id))
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(tuple_(col(Obligation.submitted_on), col(Obligation.id)) > after)
    rows = [QueueRow(*row) for row in session.execute(statement)]
    shown = rows[:limit]
    return Queue(shown, (shown[-1].submitted_on, shown[-1].id) if len(rows) > limit else None)


def queue_length(session: Session, region_id: int) -> int:
    return session.exec(
        select(func.count())
        .select_from(Obligation)
        .where(Obligation.region_id == region_id, Obligation.state == State.SUBMITTED)
    ).one()


def next_in_queue(session: Session, region_id: int, after: QueueKey | None) -> int | None:
    """The obligation behind `after`; from the head of the queue again when there is none behind it."""
    waiting = (
        select(Obligation.id)
        .where(Obligation.region_id == region_id, Obligation.state == State.SUBMITTED)
        .order_by(col(Obligation.submitted_on), col(Obligation.id))
        .limit(1)
    )
    behind = None
    if after is not None:
        behind = session.exec(
            waiting.where(tuple_(col(Obligation.submitted_on), col(Obligation.id)) > after)
        ).one_or_none()
    return behind if behind is not None else session.exec(waiting).one_or_none()


@dataclass(frozen=True, slots=True)
class ReviewRow:
    decision: ReviewDecision
    reason: str
    reviewer: str
    recorded_at: datetime


def reviews_of(session: Session, obligation_id: int) -> list[ReviewRow]:
    """Newest first."""
    statement = (
        select(Review.decision, Review.reason, Account.name, Review.recorded_at)
        .join(Account, col(Account.id) == Review.reviewer_id)
        .where(Review.obligation_id == obligation_id)
        .order_by(col(Review.id).desc())
    )
    return [ReviewRow(*row) for row in session.execute(statement)]
