"""What was published of each plan, when and by whom."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, func
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.domain.workflow import EventKind
from app.models import Account, Department, Milestone, Obligation, ObligationEvent, Phase, Plan, PlanEdition, Task


@dataclass(frozen=True, slots=True)
class EditionRow:
    """`by` is None for what was published on the command line."""

    number: int
    at: datetime
    by: str | None
    sha256: str


def editions_of(session: Session, plan_ids: Sequence[int]) -> Mapping[int, Sequence[EditionRow]]:
    """Plan -> its editions, newest first."""
    found: dict[int, list[EditionRow]] = defaultdict(list)
    statement = (
        select_columns(
            col(PlanEdition.plan_id),
            col(PlanEdition.number),
            col(PlanEdition.published_at),
            col(Account.name),
            col(PlanEdition.sha256),
        )
        .outerjoin(Account, col(Account.id) == PlanEdition.published_by)
        .where(col(PlanEdition.plan_id).in_(plan_ids))
        .order_by(col(PlanEdition.plan_id), col(PlanEdition.number).desc())
    )
    for plan_id, *row in session.execute(statement):
        found[plan_id].append(EditionRow(*row))
    return found


def edition_with_previous(session: Session, plan: Plan, number: int) -> tuple[PlanEdition | None, PlanEdition | None]:
    """The edition, and the one before it."""
    rows = session.exec(
        select(PlanEdition).where(PlanEdition.plan_id == plan.id, col(PlanEdition.number).in_([number, number - 1]))
    ).all()
    by_number = {row.number: row for row in rows}
    return by_number.get(number), by_number.get(number - 1)


def newest_edition(session: Session, plan_id: int) -> PlanEdition | None:
    return session.exec(
        select(PlanEdition).where(PlanEdition.plan_id == plan_id).order_by(col(PlanEdition.number).desc()).limit(1)
    ).one_or_none()


@dataclass(frozen=True, slots=True)
class Effect:
    """What a publication does to one obligation. `due_before` is the date in force until then."""

    kind: EventKind
    department: str
    task_number: str
    task_title: str
    phase: str
    due_before: date | None
    due: date | None


def last_event(session: Session) -> int:
    return session.exec(select(func.max(ObligationEvent.id))).one() or 0


def effects_since(session: Session, plan_id: int, event_id: int) -> list[Effect]:
    """Everything that was recorded on the plan's obligations behind that event, in the order of the plan."""
    before = aliased(ObligationEvent)
    statement = (
        select_columns(
            col(ObligationEvent.kind),
            col(Department.name),
            col(Task.number),
            col(Task.title),
            col(Phase.name),
            col(before.due),
            col(ObligationEvent.due),
        )
        .join(Obligation, col(Obligation.id) == ObligationEvent.obligation_id)
        .join(Department, col(Department.id) == ObligationEvent.department_id)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .outerjoin(
            before,
            and_(
                col(before.obligation_id) == ObligationEvent.obligation_id,
                col(before.seq) == ObligationEvent.seq - 1,
            ),
        )
        .where(col(Obligation.plan_id) == plan_id, col(ObligationEvent.id) > event_id)
        .order_by(
            col(Task.position), col(Task.id), col(Phase.position), col(Department.position), col(ObligationEvent.id)
        )
    )
    return [Effect(*row) for row in session.execute(statement)]
