"""The obligations of one plan behind a figure: filtered, counted, by pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select
from sqlmodel import Session, col, select

from app.domain.lights import Light
from app.domain.workflow import State
from app.drafts.plan_draft import TaskKind
from app.models import Department, Milestone, Obligation, Task
from app.queries.listed_obligations import DateKey, Listed, listed_by_date
from app.queries.obligation_lights import light_column
from app.queries.obligations import PAGE


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


def _narrowed(statement: Select[Any], plan_id: int, wanted: Wanted, today: date) -> Select[Any]:
    statement = statement.where(col(Obligation.plan_id) == plan_id, col(Milestone.withdrawn).is_(False))
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
    after: DateKey | None = None,
    limit: int = PAGE,
) -> Listed:
    """Most urgent first. A plan has at most some thousand of them."""
    return listed_by_date(
        session, lambda statement: _narrowed(statement, plan_id, wanted, today), after=after, limit=limit
    )


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
