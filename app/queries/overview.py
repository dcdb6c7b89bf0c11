"""The region in figures: how far its plans are, by area, phase and department, and what presses."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import case, func
from sqlmodel import Session, col, select

from app.domain.lights import Light
from app.domain.percentage import percentage
from app.domain.workflow import State
from app.drafts.plan_draft import TaskKind
from app.models import Area, Department, Milestone, Obligation, Phase, Plan
from app.queries.milestone_standings import MilestoneStanding
from app.queries.obligation_lights import light_column
from app.queries.obligations import FAR
from app.queries.waiting import waits_for_department

DEADLINES = 5


@dataclass(slots=True)
class Tally:
    """How many stand in which light; None are milestones for which nobody decides any more."""

    lights: dict[Light | None, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, light: Light | None, count: int = 1) -> None:
        self.lights[light] += count

    def of(self, light: Light) -> int:
        return self.lights.get(light, 0)

    @property
    def total(self) -> int:
        return sum(self.lights.values())

    @property
    def done(self) -> int:
        return self.of(Light.DONE)

    @property
    def overdue(self) -> int:
        return self.of(Light.OVERDUE)

    @property
    def due_soon(self) -> int:
        return self.of(Light.DUE_SOON)

    @property
    def percent(self) -> int | None:
        return percentage(self.done, self.total)


@dataclass(frozen=True, slots=True)
class Past:
    """Of the milestones whose date is over: `pending` are neither done nor late, so in review or extended."""

    done: int
    overdue: int
    pending: int

    @property
    def total(self) -> int:
        return self.done + self.overdue + self.pending


@dataclass(frozen=True, slots=True)
class AreaLine:
    """`key` is what the lists' `area` parameter calls it; without a title they are the tasks of a kind."""

    plan: Plan
    key: str
    title: str | None
    kind: TaskKind
    tally: Tally


@dataclass(frozen=True, slots=True)
class PhaseLine:
    plan: Plan
    id: int
    name: str
    due: date | None
    tally: Tally


@dataclass(slots=True)
class DepartmentLine:
    """`milestones` are those on which it decides; `on_time` of its accepted obligations were submitted in time."""

    id: int
    name: str
    obligations: Tally = field(default_factory=Tally)
    milestones: Tally = field(default_factory=Tally)
    on_time: int = 0

    @property
    def on_time_percent(self) -> int | None:
        return percentage(self.on_time, self.obligations.done)


@dataclass(frozen=True, slots=True)
class Overview:
    """`areas` in the order of the documents, `phases` by date, `departments` with the most overdue first."""

    milestones: Tally
    obligations: Tally
    past: Past
    areas: Sequence[AreaLine]
    phases: Sequence[PhaseLine]
    departments: Sequence[DepartmentLine]
    on_time: int


def overview(
    session: Session, region_id: int, plans: Sequence[Plan], standings: Sequence[MilestoneStanding], today: date
) -> Overview:
    """Three queries, whatever the number of plans, tasks and departments."""
    ids = [plan.id or 0 for plan in plans]
    departments = _departments(session, region_id, ids, standings, today)
    obligations = Tally()
    for line in departments:
        for light, count in line.obligations.lights.items():
            obligations.add(light, count)
    return Overview(
        milestones=_tally(standings),
        obligations=obligations,
        past=_past(standings, today),
        areas=_areas(session, plans, standings),
        phases=_phases(session, plans, standings),
        departments=departments,
        on_time=sum(line.on_time for line in departments),
    )


def _tally(standings: Iterable[MilestoneStanding]) -> Tally:
    tally = Tally()
    for standing in standings:
        tally.add(standing.light)
    return tally


def _past(standings: Iterable[MilestoneStanding], today: date) -> Past:
    lights = [standing.light for standing in standings if standing.past(today)]
    done, overdue = lights.count(Light.DONE), lights.count(Light.OVERDUE)
    return Past(done, overdue, len(lights) - done - overdue)


def _areas(session: Session, plans: Sequence[Plan], standings: Iterable[MilestoneStanding]) -> list[AreaLine]:
    tallies: dict[tuple[int, int | None, TaskKind | None], Tally] = defaultdict(Tally)
    for one in standings:
        tallies[one.plan_id, one.area_id, None if one.area_id is not None else one.kind].add(one.light)
    areas = session.exec(
        select(Area).where(col(Area.plan_id).in_([plan.id for plan in plans])).order_by(col(Area.position))
    ).all()
    lines = []
    for plan in plans:
        key = plan.id or 0
        for area in areas:
            if area.plan_id == key and (key, area.id, None) in tallies:
                tally = tallies[key, area.id, None]
                lines.append(AreaLine(plan, area.number, area.title, TaskKind.ACTION, tally))
        lines += [
            AreaLine(plan, kind.value, None, kind, tallies[key, None, kind])
            for kind in TaskKind
            if (key, None, kind) in tallies
        ]
    return lines


def _phases(session: Session, plans: Sequence[Plan], standings: Iterable[MilestoneStanding]) -> list[PhaseLine]:
    tallies: dict[int, Tally] = defaultdict(Tally)
    for one in standings:
        tallies[one.phase_id].add(one.light)
    by_id = {plan.id: plan for plan in plans}
    phases = session.exec(select(Phase).where(col(Phase.id).in_(tallies)).order_by(col(Phase.id))).all()
    lines = [PhaseLine(by_id[row.plan_id], row.id or 0, row.name, row.due, tallies[row.id or 0]) for row in phases]
    return sorted(lines, key=lambda line: line.due or FAR)


def _departments(
    session: Session, region_id: int, plan_ids: Sequence[int], standings: Iterable[MilestoneStanding], today: date
) -> list[DepartmentLine]:
    lines: dict[int, DepartmentLine] = {}
    punctual = case((col(Obligation.late_days) == 0, 1), else_=0)
    columns: list[Any] = [
        col(Obligation.department_id),
        col(Department.name),
        light_column(today).label("light"),
        func.count(),
        func.sum(punctual),
    ]
    statement = (
        select(*columns)
        .join(Department, col(Department.id) == Obligation.department_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .where(
            Obligation.region_id == region_id,
            col(Obligation.plan_id).in_(plan_ids),
            Obligation.state != State.CANCELLED,
            col(Milestone.withdrawn).is_(False),
        )
        .group_by(col(Obligation.department_id), col(Department.name), col(Department.position), "light")
        .order_by(col(Department.position), col(Obligation.department_id))
    )
    for key, name, text, count, in_time in session.execute(statement):
        line = lines.setdefault(key, DepartmentLine(key, name))
        light = Light(text)
        line.obligations.add(light, count)
        line.on_time += int(in_time) if light is Light.DONE else 0
    for standing in standings:
        for key in standing.deciders:
            lines[key].milestones.add(standing.light)
    return sorted(lines.values(), key=lambda line: (-line.obligations.overdue, line.obligations.percent or 0))


@dataclass(frozen=True, slots=True)
class Deadline:
    """`count` obligations of `departments` departments are still to be submitted by `due`."""

    due: date
    count: int
    departments: int


def next_deadlines(
    session: Session, region_id: int, plan_ids: Sequence[int], today: date, *, limit: int = DEADLINES
) -> list[Deadline]:
    columns: list[Any] = [
        col(Obligation.due),
        func.count(),
        func.count(func.distinct(Obligation.department_id)),
    ]
    statement = (
        select(*columns)
        .where(
            Obligation.region_id == region_id,
            col(Obligation.plan_id).in_(plan_ids),
            waits_for_department(Obligation.state),
            col(Obligation.due) >= today,
        )
        .group_by(col(Obligation.due))
        .order_by(col(Obligation.due))
        .limit(limit)
    )
    return [Deadline(*row) for row in session.execute(statement)]
