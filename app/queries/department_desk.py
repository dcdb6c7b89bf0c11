"""What stands around a department's list: the plans it has duties in, and what came back to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.domain.workflow import State
from app.models import Milestone, Obligation, Phase, Plan, Task
from app.queries.obligations import FAR

RETURNED_SHOWN = 5


@dataclass(frozen=True, slots=True)
class PlanChoice:
    code: str
    title: str


def plans_of_department(session: Session, region_id: int, department_id: int) -> Sequence[PlanChoice]:
    """Newest period first."""
    owed = select(col(Obligation.plan_id)).where(
        col(Obligation.region_id) == region_id, col(Obligation.department_id) == department_id
    )
    statement = (
        select(col(Plan.code), col(Plan.title))
        .where(col(Plan.region_id) == region_id, col(Plan.id).in_(owed))
        .order_by(col(Plan.period_from).desc(), col(Plan.code))
    )
    return [PlanChoice(code, title) for code, title in session.execute(statement)]


@dataclass(frozen=True, slots=True)
class ReturnedRow:
    id: int
    task_number: str
    task_title: str
    phase: str
    due: date | None


def returned_to_department(session: Session, region_id: int, department_id: int) -> Sequence[ReturnedRow]:
    """The most urgent few of what waits for a better report."""
    statement = (
        select(col(Obligation.id), col(Task.number), col(Task.title), col(Phase.name), col(Obligation.due))
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .where(
            col(Obligation.region_id) == region_id,
            col(Obligation.department_id) == department_id,
            col(Obligation.state) == State.RETURNED,
        )
        .order_by(func.coalesce(col(Obligation.due), FAR), col(Obligation.id))
        .limit(RETURNED_SHOWN)
    )
    return [ReturnedRow(*row) for row in session.execute(statement)]
