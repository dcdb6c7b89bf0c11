"""Plans, their tasks and indicators, and how far they have come."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.domain.completion import Part, deciding, milestone_light
from app.domain.lights import Light, shown
from app.domain.percentage import percentage
from app.domain.workflow import Role, State
from app.models import (
    Area,
    Assignment,
    Department,
    DepartmentGroup,
    Measure,
    Milestone,
    Obligation,
    Phase,
    Plan,
    Task,
)


@dataclass(slots=True)
class Share:
    """`done` of `total`; `overdue` of them late. A percentage only where there is something to count."""

    done: int = 0
    total: int = 0
    overdue: int = 0

    def add(self, light: Light | None, count: int = 1) -> None:
        self.total += count
        self.done += count if light is Light.DONE else 0
        self.overdue += count if light is Light.OVERDUE else 0

    @property
    def percent(self) -> int | None:
        return percentage(self.done, self.total)


def summed(shares: Iterable[Share]) -> Share:
    result = Share()
    for share in shares:
        result.done += share.done
        result.total += share.total
        result.overdue += share.overdue
    return result


@dataclass(slots=True)
class Completion:
    """Milestones complete by area, by phase and in all; obligations accepted by department.

    Keys are ids; the area key None gathers tasks that stand in no area. A milestone is overdue when it is
    not complete and a deciding department is past the due date. Milestones without obligations are not counted.
    `standing` has every counted milestone's light and departments (None: nobody decides).
    `moved`: where a deciding department's date was moved, the latest date now in force.
    """

    milestones: Share = field(default_factory=Share)
    obligations: Share = field(default_factory=Share)
    by_area: dict[int | None, Share] = field(default_factory=lambda: defaultdict(Share))
    by_phase: dict[int, Share] = field(default_factory=lambda: defaultdict(Share))
    by_department: dict[int, Share] = field(default_factory=lambda: defaultdict(Share))
    by_task: dict[int, Share] = field(default_factory=lambda: defaultdict(Share))
    standing: dict[int, tuple[Light | None, list[Part]]] = field(default_factory=dict)
    moved: dict[int, date] = field(default_factory=dict)
    lights: dict[Light, int] = field(default_factory=lambda: dict.fromkeys(Light, 0))
    department_names: dict[int, str] = field(default_factory=dict)


def plans_of_region(session: Session, region_id: int) -> Sequence[Plan]:
    """Newest period first."""
    return session.exec(
        select(Plan).where(Plan.region_id == region_id).order_by(col(Plan.period_from).desc(), col(Plan.code))
    ).all()


def plan_ids(session: Session, region_id: int) -> dict[str, int]:
    """By code."""
    found = session.exec(select(Plan.code, Plan.id).where(Plan.region_id == region_id))
    return {code: plan_id for code, plan_id in found if plan_id is not None}


def completion(session: Session, plan_id: int, today: date) -> Completion:
    """One query over the plan's obligations; everything else adds up from it."""
    columns: list[Any] = [
        col(Obligation.milestone_id),
        col(Milestone.phase_id),
        col(Obligation.task_id),
        col(Task.area_id),
        col(Obligation.department_id),
        col(Department.name),
        col(Obligation.role),
        col(Obligation.state),
        col(Obligation.due),
        col(Obligation.first_due),
        col(Obligation.risk),
        col(Obligation.last_update_id),
    ]
    statement = (
        select(*columns)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Department, col(Department.id) == Obligation.department_id)
        .where(Obligation.plan_id == plan_id, Obligation.state != State.CANCELLED, col(Milestone.withdrawn).is_(False))
        .order_by(col(Obligation.milestone_id), col(Department.position))
    )
    result = Completion()
    places: dict[int, tuple[int, int, int | None]] = {}
    parts: dict[int, list[tuple[Part, Light]]] = defaultdict(list)
    moved: dict[int, list[tuple[Part, date]]] = defaultdict(list)
    counts: dict[tuple[int, Light], int] = defaultdict(int)
    # A plan has over a thousand rows and a handful of states and dates: what is equal is asked once.
    known: dict[tuple[State, date | None, bool, bool], Light] = {}
    for (
        milestone_id,
        phase_id,
        task_id,
        area_id,
        department_id,
        name,
        role,
        state,
        due,
        first,
        risk,
        said,
    ) in session.execute(statement):
        key = (state, due, risk, said is not None)
        light = known.get(key)
        if light is None:
            light = known[key] = shown(state, due, today, risk=risk, reported=said is not None).light
        part = Part(name, role, state)
        places[milestone_id] = (phase_id, task_id, area_id)
        parts[milestone_id].append((part, light))
        result.department_names[department_id] = name
        counts[department_id, light] += 1
        if due is not None and due != first:
            moved[milestone_id].append((part, due))
    for (department_id, light), count in counts.items():
        result.lights[light] += count
        for share in (result.obligations, result.by_department[department_id]):
            share.add(light, count)
    for milestone_id, (phase_id, task_id, area_id) in places.items():
        together = milestone_light(parts[milestone_id])
        everybody = [part for part, _light in parts[milestone_id]]
        result.standing[milestone_id] = (together, everybody)
        if milestone_id in moved:
            deciders = set(deciding(everybody))
            dates = [due for part, due in moved[milestone_id] if part in deciders]
            if dates:
                result.moved[milestone_id] = max(dates)
        for share in (
            result.milestones,
            result.by_area[area_id],
            result.by_phase[phase_id],
            result.by_task[task_id],
        ):
            share.add(together)
    return result


def areas_of_plan(session: Session, plan_id: int) -> Sequence[Area]:
    return session.exec(
        select(Area).where(Area.plan_id == plan_id, col(Area.withdrawn).is_(False)).order_by(col(Area.position))
    ).all()


def phases_of_plan(session: Session, plan_id: int) -> Sequence[Phase]:
    """Phases first, checkpoints after them."""
    return session.exec(
        select(Phase).where(Phase.plan_id == plan_id, col(Phase.withdrawn).is_(False)).order_by(col(Phase.position))
    ).all()


def tasks_of_plan(session: Session, plan_id: int) -> Sequence[Task]:
    return session.exec(
        select(Task).where(Task.plan_id == plan_id, col(Task.withdrawn).is_(False)).order_by(col(Task.position))
    ).all()


@dataclass(frozen=True, slots=True)
class ClausePart:
    """One name of a responsibility clause: as printed, canonical, and the group's members if it is a group."""

    task_id: int
    role: Role
    printed: str
    name: str
    department_id: int | None
    group_id: int | None


def clauses(session: Session, task_ids: Sequence[int]) -> dict[int, list[ClausePart]]:
    """Leads first, then the others, each in the order of the document."""
    columns: list[Any] = [
        col(Assignment.task_id),
        col(Assignment.role),
        col(Assignment.printed),
        func.coalesce(Department.name, DepartmentGroup.name),
        col(Assignment.department_id),
        col(Assignment.group_id),
    ]
    statement = (
        select(*columns)
        .outerjoin(Department, col(Department.id) == Assignment.department_id)
        .outerjoin(DepartmentGroup, col(DepartmentGroup.id) == Assignment.group_id)
        .where(col(Assignment.task_id).in_(task_ids))
        .order_by(col(Assignment.task_id), col(Assignment.role), col(Assignment.position))
    )
    found: dict[int, list[ClausePart]] = defaultdict(list)
    for row in session.execute(statement):
        found[row[0]].append(ClausePart(*row))
    return dict(found)


def task_by_number(session: Session, plan_id: int, number: str) -> Task | None:
    return session.exec(select(Task).where(Task.plan_id == plan_id, Task.number == number)).one_or_none()


def measures(session: Session, task_id: int) -> Sequence[str]:
    return session.exec(select(Measure.text).where(Measure.task_id == task_id).order_by(col(Measure.position))).all()


@dataclass(frozen=True, slots=True)
class MilestoneRow:
    milestone: Milestone
    phase: Phase


def milestones_of_task(session: Session, task_id: int) -> list[MilestoneRow]:
    statement = (
        select(Milestone, Phase)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .where(Milestone.task_id == task_id, col(Milestone.withdrawn).is_(False))
        .order_by(col(Milestone.position))
    )
    return [MilestoneRow(milestone, phase) for milestone, phase in session.exec(statement)]
