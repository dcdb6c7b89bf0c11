"""The obligations of one plan behind a figure: filtered, counted, by pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, func, or_
from sqlmodel import Session, col, select

from app.domain.lights import Light
from app.domain.workflow import Role, State
from app.drafts.plan_draft import TaskKind
from app.models import Department, Milestone, Obligation, Phase, ProgressUpdate, Task
from app.queries.obligation_lights import light_column
from app.queries.obligations import FAR, PAGE


@dataclass(frozen=True, slots=True)
class Wanted:
    """Ids; None: all. Without a light everything counts that has not been withdrawn from its department.

    `outside`: the tasks of this kind that belong to no area. `unfinished`: whatever is not done.
    """

    area_id: int | None = None
    outside: TaskKind | None = None
    phase_id: int | None = None
    department_id: int | None = None
    light: Light | None = None
    unfinished: bool = False
    task_id: int | None = None


@dataclass(frozen=True, slots=True)
class PlanObligation:
    """One line of the list; `last_on` is the day of the newest report."""

    id: int
    task_id: int
    task_number: str
    task_title: str
    phase: str
    review: str | None
    department_id: int
    department: str
    role: Role
    state: State
    due: date | None
    first_due: date | None
    risk: bool
    late_days: int | None
    last_on: date | None


@dataclass(frozen=True, slots=True)
class Found:
    """`count` is of all pages; `after` the key of the next page, None on the last."""

    rows: Sequence[PlanObligation]
    count: int
    after: tuple[date, int] | None


_COLUMNS: list[Any] = [
    col(Obligation.id),
    col(Task.id),
    col(Task.number),
    col(Task.title),
    col(Phase.name),
    col(Milestone.review),
    col(Department.id),
    col(Department.name),
    col(Obligation.role),
    col(Obligation.state),
    col(Obligation.due),
    col(Obligation.first_due),
    col(Obligation.risk),
    col(Obligation.late_days),
    col(ProgressUpdate.on),
]


def _filtered(statement: Select[Any], plan_id: int, wanted: Wanted, today: date) -> Select[Any]:
    statement = (
        statement.select_from(Obligation)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .where(col(Obligation.plan_id) == plan_id, col(Milestone.withdrawn).is_(False))
    )
    if wanted.area_id is not None:
        statement = statement.where(col(Task.area_id) == wanted.area_id)
    if wanted.outside is not None:
        statement = statement.where(col(Task.area_id).is_(None), col(Task.kind) == wanted.outside)
    if wanted.phase_id is not None:
        statement = statement.where(col(Milestone.phase_id) == wanted.phase_id)
    if wanted.department_id is not None:
        statement = statement.where(col(Obligation.department_id) == wanted.department_id)
    if wanted.task_id is not None:
        statement = statement.where(col(Obligation.task_id) == wanted.task_id)
    if wanted.unfinished:
        return statement.where(col(Obligation.state).not_in({State.ACCEPTED, State.CANCELLED}))
    if wanted.light is None:
        return statement.where(col(Obligation.state) != State.CANCELLED)
    return statement.where(light_column(today) == wanted.light.value)


def plan_obligations(
    session: Session,
    plan_id: int,
    wanted: Wanted,
    today: date,
    *,
    after: tuple[date, int] | None = None,
    limit: int = PAGE,
) -> Found:
    """Most urgent first: by due date, what has none at the end. A plan has at most some thousand of them."""
    count = session.execute(_filtered(select(func.count()), plan_id, wanted, today)).scalar_one()
    due = func.coalesce(Obligation.due, FAR)
    statement = (
        _filtered(select(*_COLUMNS), plan_id, wanted, today)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .join(Department, col(Department.id) == Obligation.department_id)
        .outerjoin(ProgressUpdate, col(ProgressUpdate.id) == Obligation.last_update_id)
    )
    if after is not None:
        day, key = after
        statement = statement.where(or_(due > day, and_(due == day, col(Obligation.id) > key)))
    statement = statement.order_by(due, col(Obligation.id)).limit(limit + 1)
    rows = [PlanObligation(*row) for row in session.execute(statement)]
    more = len(rows) > limit
    rows = rows[:limit]
    return Found(rows, count, (rows[-1].due or FAR, rows[-1].id) if more else None)


def departments_of_plan(session: Session, plan_id: int) -> Sequence[tuple[int, str]]:
    """(id, name) of everybody who owes or owed a report on the plan, in the order of the register."""
    found = session.execute(
        select(Department.id, Department.name)
        .where(col(Department.id).in_(select(Obligation.department_id).where(Obligation.plan_id == plan_id).distinct()))
        .order_by(col(Department.position), col(Department.id))
    )
    return [(key, name) for key, name in found]


def tasks_of_department(session: Session, plan_id: int, department_id: int | None) -> frozenset[int]:
    """The tasks of the plan in which the department takes part; whose reports it may therefore read."""
    if department_id is None:
        return frozenset()
    return frozenset(
        session.exec(
            select(Obligation.task_id)
            .where(Obligation.plan_id == plan_id, Obligation.department_id == department_id)
            .distinct()
        )
    )
