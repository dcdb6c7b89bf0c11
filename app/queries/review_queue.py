"""The secretariat's review queue: what waits, the longest waiting first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, tuple_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.domain.workflow import Role, State
from app.models import Department, Evidence, Milestone, Obligation, Phase, Plan, ProgressUpdate, Task

PAGE = 50
EXCERPT = 120  # characters of the report that the queue shows

# (day of submission, obligation): the longest waiting first.
QueueKey = tuple[date, int]


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """None leaves a question open. `late`: submitted after the due date; `evidence`: files came with the report."""

    plan_code: str | None = None
    department_id: int | None = None
    late: bool | None = None
    evidence: bool | None = None


EVERYTHING = QueueFilter()


@dataclass(frozen=True, slots=True)
class QueueRow:
    """`excerpt` is the beginning of the report; `evidence` counts the files that came with it.

    `revision` is what a decision on the row is guarded by. `submitted_on` is None once it waits no longer.
    """

    id: int
    revision: int
    plan_title: str
    task_number: str
    task_title: str
    phase: str
    department: str
    role: Role
    state: State
    due: date | None
    submitted_on: date | None
    late_days: int | None
    percent: int
    excerpt: str | None
    evidence: int


@dataclass(frozen=True, slots=True)
class Queue:
    """`after` asks for the next page; None on the last one."""

    rows: Sequence[QueueRow]
    after: QueueKey | None


_FILES = (
    select(func.count())
    .select_from(Evidence)
    .where(Evidence.update_id == Obligation.last_update_id)
    .correlate(Obligation)
    .scalar_subquery()
)
_COLUMNS: list[Any] = [  # in the order of QueueRow
    Obligation.id,
    Obligation.revision,
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
    Obligation.percent,
    func.substr(ProgressUpdate.text, 1, EXCERPT + 1),
    _FILES,
]


def _rows() -> Select[Any]:
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


def _waiting(region_id: int, wanted: QueueFilter) -> list[Any]:
    """The conditions of what waits for review, on Obligation alone."""
    found: list[Any] = [col(Obligation.region_id) == region_id, col(Obligation.state) == State.SUBMITTED]
    if wanted.plan_code is not None:
        plan = select(Plan.id).where(Plan.code == wanted.plan_code).scalar_subquery()
        found.append(col(Obligation.plan_id) == plan)
    if wanted.department_id is not None:
        found.append(col(Obligation.department_id) == wanted.department_id)
    if wanted.late is not None:
        late = func.coalesce(Obligation.late_days, 0)
        found.append(late > 0 if wanted.late else late == 0)
    if wanted.evidence is not None:
        found.append(_FILES > 0 if wanted.evidence else _FILES == 0)
    return found


def _behind(after: QueueKey) -> Any:
    return tuple_(col(Obligation.submitted_on), col(Obligation.id)) > after


def review_queue(
    session: Session,
    region_id: int,
    wanted: QueueFilter = EVERYTHING,
    *,
    after: QueueKey | None = None,
    limit: int = PAGE,
) -> Queue:
    statement = (
        _rows()
        .where(*_waiting(region_id, wanted))
        .order_by(col(Obligation.submitted_on), col(Obligation.id))
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(_behind(after))
    rows = [QueueRow(*row) for row in session.execute(statement)]
    shown = rows[:limit]
    if len(rows) <= limit or shown[-1].submitted_on is None:
        return Queue(shown, None)
    return Queue(shown, (shown[-1].submitted_on, shown[-1].id))


def queue_rows(session: Session, obligation_ids: Sequence[int]) -> dict[int, QueueRow]:
    """By obligation, whether they still wait or not: what a decision speaks of."""
    statement = _rows().where(col(Obligation.id).in_(obligation_ids))
    return {row.id: row for row in (QueueRow(*found) for found in session.execute(statement))}


def queue_length(session: Session, region_id: int, wanted: QueueFilter = EVERYTHING) -> int:
    return session.exec(select(func.count()).select_from(Obligation).where(*_waiting(region_id, wanted))).one()


@dataclass(frozen=True, slots=True)
class QueuePart:
    """How many reports of one department on one plan wait."""

    plan_code: str
    plan_title: str
    department_id: int
    department: str
    count: int


def queue_parts(session: Session, region_id: int) -> list[QueuePart]:
    """The whole queue by department and plan, in the order of the register."""
    keys = [col(Plan.code), col(Plan.title), col(Department.id), col(Department.name)]
    statement = (
        select_columns(*keys, func.count())
        .select_from(Obligation)
        .join(Plan, col(Plan.id) == Obligation.plan_id)
        .join(Department, col(Department.id) == Obligation.department_id)
        .where(*_waiting(region_id, EVERYTHING))
        .group_by(*keys, col(Plan.id), col(Department.position))
        .order_by(col(Department.position), col(Department.id), col(Plan.id))
    )
    return [QueuePart(*row) for row in session.execute(statement)]


def next_in_queue(
    session: Session, region_id: int, after: QueueKey | None, wanted: QueueFilter = EVERYTHING
) -> int | None:
    """The obligation behind `after`; from the head of the queue again when there is none behind it."""
    waiting = (
        select(Obligation.id)
        .where(*_waiting(region_id, wanted))
        .order_by(col(Obligation.submitted_on), col(Obligation.id))
        .limit(1)
    )
    behind = session.exec(waiting.where(_behind(after))).one_or_none() if after is not None else None
    return behind if behind is not None else session.exec(waiting).one_or_none()
