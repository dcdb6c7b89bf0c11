"""What one department has to do over all plans: by plan and light, by role, and by when."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.domain.workflow import WAITING_FOR_DEPARTMENT, Role
from app.models import Obligation, Plan
from app.queries.obligation_lights import LightCounts, in_order, light_column
from app.queries.region_rows import RowsWanted, owed

DEADLINES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class PlanCounts:
    """A department's obligations of one plan by light."""

    code: str
    title: str
    lights: LightCounts

    @property
    def total(self) -> int:
        return sum(self.lights.values())


def plans_of_department(session: Session, region_id: int, department_id: int, today: date) -> list[PlanCounts]:
    """Newest period first; plans without an obligation of the department are left out."""
    counts: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    columns = [col(Plan.code), col(Plan.title)]
    statement = select(*columns, light_column(today).label("light"), func.count()).select_from(Obligation)
    for code, title, light, count in session.execute(
        owed(statement, region_id, RowsWanted(department_id=department_id), today)
        .join(Plan, col(Plan.id) == Obligation.plan_id)
        .group_by(*columns, col(Plan.period_from), "light")
        .order_by(col(Plan.period_from).desc(), col(Plan.code))
    ):
        counts[code, title][light] = count
    return [PlanCounts(code, title, in_order(lights)) for (code, title), lights in counts.items()]


@dataclass(frozen=True, slots=True)
class RoleCounts:
    role: Role
    tasks: int
    obligations: int


def roles_of_department(session: Session, region_id: int, department_id: int, today: date) -> Sequence[RoleCounts]:
    """Lead, support, shared, in this order; those that do not occur with 0."""
    statement = select(
        col(Obligation.role), func.count(func.distinct(col(Obligation.task_id))), func.count()
    ).select_from(Obligation)
    found = {
        role: RoleCounts(role, tasks, obligations)
        for role, tasks, obligations in session.execute(
            owed(statement, region_id, RowsWanted(department_id=department_id), today).group_by(col(Obligation.role))
        )
    }
    return [found.get(role, RoleCounts(role, 0, 0)) for role in Role]


@dataclass(frozen=True, slots=True)
class Deadline:
    """So many obligations of the department wait for it until this day."""

    day: date
    count: int


def next_deadlines(session: Session, region_id: int, department_id: int, today: date) -> Sequence[Deadline]:
    """The nearest days from today on."""
    due = col(Obligation.due)
    statement = (
        owed(
            select(due, func.count()).select_from(Obligation),
            region_id,
            RowsWanted(department_id=department_id, due_from=today),
            today,
        )
        .where(col(Obligation.state).in_(WAITING_FOR_DEPARTMENT))
        .group_by(due)
        .order_by(due)
        .limit(DEADLINES_SHOWN)
    )
    return [Deadline(day, count) for day, count in session.execute(statement)]
