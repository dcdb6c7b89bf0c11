"""Plans, their tasks and indicators key by key, for those who fetch them all: a constant number of statements."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import tuple_
from sqlmodel import Session, col, select

from app.drafts.plan_draft import PlanStatus, TaskKind
from app.models import (
    Area,
    Department,
    DepartmentGroup,
    Indicator,
    IndicatorLead,
    IndicatorObservation,
    IndicatorTarget,
    Measure,
    Milestone,
    Phase,
    Plan,
    Task,
)
from app.queries.department_names import members_of
from app.queries.plans import ClausePart, MilestoneRow, clauses

# Place in the document and id of the last row that was shown.
PlaceKey = tuple[int, int]


def plans_after(
    session: Session, region_id: int, *, status: PlanStatus | None = None, after: int | None = None, limit: int
) -> Sequence[Plan]:
    """By id."""
    statement = select(Plan).where(Plan.region_id == region_id)
    if status is not None:
        statement = statement.where(col(Plan.status) == status)
    if after is not None:
        statement = statement.where(col(Plan.id) > after)
    return session.exec(statement.order_by(col(Plan.id)).limit(limit)).all()


@dataclass(frozen=True, slots=True)
class WholeTask:
    """`clause` with leads first; `members` of the groups that it names, as of today."""

    task: Task
    area: str | None
    clause: Sequence[ClausePart]
    members: Mapping[int, Sequence[tuple[int, str]]]
    measures: Sequence[str]
    milestones: Sequence[MilestoneRow]


@dataclass(frozen=True, slots=True)
class TasksWanted:
    """None: all; `area` is a number."""

    area: str | None = None
    kind: TaskKind | None = None
    number: str | None = None


def whole_tasks(
    session: Session, plan_id: int, wanted: TasksWanted, *, after: PlaceKey | None = None, limit: int
) -> list[WholeTask]:
    """In the order of the document; what a later edition withdrew only if it is asked for by its number."""
    statement = select(Task, Area.number).outerjoin(Area, col(Area.id) == Task.area_id).where(Task.plan_id == plan_id)
    if wanted.number is not None:
        statement = statement.where(Task.number == wanted.number)
    else:
        statement = statement.where(col(Task.withdrawn).is_(False))
    if wanted.area is not None:
        statement = statement.where(col(Area.number) == wanted.area)
    if wanted.kind is not None:
        statement = statement.where(col(Task.kind) == wanted.kind)
    keys: list[Any] = [col(Task.position), col(Task.id)]
    if after is not None:
        statement = statement.where(tuple_(*keys) > after)
    rows = session.exec(statement.order_by(*keys).limit(limit)).all()
    ids = [task.id or 0 for task, _area in rows]
    clause = clauses(session, ids)
    members = members_of(session, {part.group_id for parts in clause.values() for part in parts if part.group_id})
    measures: dict[int, list[str]] = defaultdict(list)
    for task_id, text in session.exec(
        select(Measure.task_id, Measure.text)
        .where(col(Measure.task_id).in_(ids))
        .order_by(col(Measure.task_id), col(Measure.position))
    ):
        measures[task_id].append(text)
    milestones: dict[int, list[MilestoneRow]] = defaultdict(list)
    for milestone, phase in session.exec(
        select(Milestone, Phase)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .where(col(Milestone.task_id).in_(ids), col(Milestone.withdrawn).is_(False))
        .order_by(col(Milestone.task_id), col(Milestone.position))
    ):
        milestones[milestone.task_id or 0].append(MilestoneRow(milestone, phase))
    return [
        WholeTask(task, area, clause.get(key, []), members, measures[key], milestones[key])
        for (task, area), key in zip(rows, ids, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class IndicatorHolder:
    """Who answers for an indicator: a department or a group, as printed."""

    printed: str
    department: tuple[int, str] | None
    group: tuple[int, str] | None


@dataclass(frozen=True, slots=True)
class WholeIndicator:
    """`observations` that count: the newest of each year and scope."""

    indicator: Indicator
    area: str | None
    holders: Sequence[IndicatorHolder]
    members: Mapping[int, Sequence[tuple[int, str]]]
    targets: Sequence[IndicatorTarget]
    observations: Sequence[IndicatorObservation]


def whole_indicators(
    session: Session, plan_id: int, *, number: str | None = None, after: PlaceKey | None = None, limit: int
) -> list[WholeIndicator]:
    """In the order of the document; what a later edition withdrew only if it is asked for by its number."""
    statement = (
        select(Indicator, Area.number)
        .outerjoin(Area, col(Area.id) == Indicator.area_id)
        .where(Indicator.plan_id == plan_id)
    )
    if number is not None:
        statement = statement.where(Indicator.number == number)
    else:
        statement = statement.where(col(Indicator.withdrawn).is_(False))
    keys: list[Any] = [col(Indicator.position), col(Indicator.id)]
    if after is not None:
        statement = statement.where(tuple_(*keys) > after)
    rows = session.exec(statement.order_by(*keys).limit(limit)).all()
    ids = [indicator.id or 0 for indicator, _area in rows]
    holders = _holders(session, ids)
    members = members_of(session, {one.group[0] for found in holders.values() for one in found if one.group})
    targets: dict[int, list[IndicatorTarget]] = defaultdict(list)
    for target in session.exec(
        select(IndicatorTarget)
        .where(col(IndicatorTarget.indicator_id).in_(ids))
        .order_by(col(IndicatorTarget.indicator_id), col(IndicatorTarget.position))
    ):
        targets[target.indicator_id].append(target)
    newest: dict[int, dict[tuple[int, str], IndicatorObservation]] = defaultdict(dict)
    for seen in session.exec(
        select(IndicatorObservation)
        .where(col(IndicatorObservation.indicator_id).in_(ids))
        .order_by(
            col(IndicatorObservation.indicator_id),
            col(IndicatorObservation.year),
            col(IndicatorObservation.scope),
            col(IndicatorObservation.id),
        )
    ):
        newest[seen.indicator_id][seen.year, seen.scope] = seen
    return [
        WholeIndicator(indicator, area, holders.get(key, []), members, targets[key], list(newest[key].values()))
        for (indicator, area), key in zip(rows, ids, strict=True)
    ]


def _holders(session: Session, ids: Sequence[int]) -> dict[int, list[IndicatorHolder]]:
    columns: list[Any] = [
        col(IndicatorLead.indicator_id),
        col(IndicatorLead.printed),
        col(Department.id),
        col(Department.name),
        col(DepartmentGroup.id),
        col(DepartmentGroup.name),
    ]
    found: dict[int, list[IndicatorHolder]] = defaultdict(list)
    for key, printed, department_id, department, group_id, group in session.execute(
        select(*columns)
        .outerjoin(Department, col(Department.id) == IndicatorLead.department_id)
        .outerjoin(DepartmentGroup, col(DepartmentGroup.id) == IndicatorLead.group_id)
        .where(col(IndicatorLead.indicator_id).in_(ids))
        .order_by(col(IndicatorLead.indicator_id), col(IndicatorLead.position))
    ):
        found[key].append(
            IndicatorHolder(
                printed,
                (department_id, department) if department_id is not None else None,
                (group_id, group) if group_id is not None else None,
            )
        )
    return dict(found)
