"""Who answers for what in a plan: one mark for each pair of task and department."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from app.domain.completion import together
from app.domain.lights import Light, shown
from app.domain.workflow import Role, State
from app.drafts.department_register import DepartmentKind
from app.models import Area, Assignment, Department, DepartmentGroup, Milestone, Obligation, Plan, Task
from app.queries.department_names import members_of
from app.queries.plans import areas_of_plan, tasks_of_plan

_HEAVIER = {Role.LEAD: 0, Role.SHARED: 1, Role.SUPPORT: 2}


@dataclass(frozen=True, slots=True)
class Mark:
    """One department's part in one task, over all phases together.

    `light` and `obligation_id` are None where nothing is reported. The obligation is the one to look at first:
    the earliest that is not done, or else the last.
    """

    role: Role
    light: Light | None = None
    obligation_id: int | None = None


@dataclass(slots=True)
class Sums:
    """How many marks of each role."""

    by_role: dict[Role, int] = field(default_factory=lambda: dict.fromkeys(Role, 0))

    def add(self, role: Role) -> None:
        self.by_role[role] += 1

    @property
    def total(self) -> int:
        return sum(self.by_role.values())


@dataclass(frozen=True, slots=True)
class Column:
    department_id: int
    name: str
    kind: DepartmentKind
    sums: Sums = field(default_factory=Sums)


@dataclass(frozen=True, slots=True)
class Register:
    """All that a matrix of the plan can have: its departments by kind, the groups that its clauses name, its tasks."""

    areas: Sequence[Area]
    columns: Sequence[Column]
    groups: Sequence[tuple[int, str]]
    tasks: Sequence[Task]


Pairs = Mapping[tuple[int, int], Mark]


def responsibilities(session: Session, plan: Plan, today: date) -> Pairs:
    """(task id, department id) -> mark. What is owed now; where nothing is owed, what the clause says.

    A department that is named directly and through a group has the heavier role.
    """
    plan_id = plan.id or 0
    owed = _owed(session, plan_id, today)
    tasks_owed = {task_id for task_id, _department_id in owed}
    found: dict[tuple[int, int], Mark] = dict(owed)
    named = session.execute(
        select(Assignment.task_id, Assignment.role, Assignment.department_id, Assignment.group_id)
        .join(Task, col(Task.id) == Assignment.task_id)
        .where(Task.plan_id == plan_id)
    ).all()
    members = members_of(session, {row.group_id for row in named if row.group_id is not None})
    for task_id, role, department_id, group_id in named:
        if task_id in tasks_owed:
            continue
        holders = [department_id] if group_id is None else [key for key, _name in members.get(group_id, [])]
        for holder in holders:
            known = found.get((task_id, holder))
            if known is None or _HEAVIER[role] < _HEAVIER[known.role]:
                found[task_id, holder] = Mark(role)
    return found


def _owed(session: Session, plan_id: int, today: date) -> dict[tuple[int, int], Mark]:
    columns: list[Any] = [
        col(Obligation.task_id),
        col(Obligation.department_id),
        col(Obligation.id),
        col(Obligation.role),
        col(Obligation.state),
        col(Obligation.due),
        col(Obligation.risk),
        col(Obligation.last_update_id),
    ]
    rows: dict[tuple[int, int], list[tuple[Role, Light, date, int]]] = defaultdict(list)
    known: dict[tuple[State, date | None, bool, bool], Light] = {}
    for task_id, department_id, key, role, state, due, risk, said in session.execute(
        select(*columns)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .where(Obligation.plan_id == plan_id, Obligation.state != State.CANCELLED, col(Milestone.withdrawn).is_(False))
    ):
        alike = (state, due, risk, said is not None)
        light = known.get(alike)
        if light is None:
            light = known[alike] = shown(state, due, today, risk=risk, reported=said is not None).light
        rows[task_id, department_id].append((role, light, due or date.max, key))
    return {pair: _mark(own) for pair, own in rows.items()}


def _mark(own: list[tuple[Role, Light, date, int]]) -> Mark:
    own.sort(key=lambda row: row[2:])
    first = next((row for row in own if row[1] is not Light.DONE), own[-1])
    return Mark(min((row[0] for row in own), key=_HEAVIER.__getitem__), together({row[1] for row in own}), first[3])


def register_of(session: Session, plan: Plan, pairs: Pairs) -> Register:
    plan_id = plan.id or 0
    named = {department_id for _task_id, department_id in pairs}
    found = session.execute(
        select(Department.id, Department.name, Department.kind)
        .where(Department.region_id == plan.region_id)
        .order_by(col(Department.position), col(Department.id))
    )
    order = {kind: place for place, kind in enumerate(DepartmentKind)}
    columns = sorted((Column(*row) for row in found if row[0] in named), key=lambda column: order[column.kind])
    groups = session.execute(
        select(DepartmentGroup.id, DepartmentGroup.name)
        .where(
            col(DepartmentGroup.id).in_(
                select(Assignment.group_id)
                .join(Task, col(Task.id) == Assignment.task_id)
                .where(Task.plan_id == plan_id, col(Assignment.group_id).is_not(None))
            )
        )
        .order_by(col(DepartmentGroup.name))
    )
    return Register(
        areas=areas_of_plan(session, plan_id),
        columns=columns,
        groups=[(key, name) for key, name in groups],
        tasks=tasks_of_plan(session, plan_id),
    )
