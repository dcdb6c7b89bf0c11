"""The indicators of a plan in the groups in which they are read, and how much the plan's document holds."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.models import (
    Area,
    Department,
    DepartmentGroup,
    Indicator,
    IndicatorLead,
    IndicatorTarget,
    SourceNote,
)
from app.queries.plan_notes import Note, notes_on


@dataclass(frozen=True, slots=True)
class PlanCounts:
    """`open_notes` of `notes` wait for the secretariat's decision."""

    indicators: int
    notes: int
    open_notes: int


def plan_counts(session: Session, plan_id: int) -> PlanCounts:
    indicators = (
        select(func.count())
        .select_from(Indicator)
        .where(Indicator.plan_id == plan_id, col(Indicator.withdrawn).is_(False))
        .scalar_subquery()
    )
    notes = select(func.count()).select_from(SourceNote).where(SourceNote.plan_id == plan_id)
    undecided = notes.where(SourceNote.decision == "")
    return PlanCounts(*session.execute(select(indicators, notes.scalar_subquery(), undecided.scalar_subquery())).one())


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    indicator: Indicator
    area: str | None
    leads: Sequence[str]
    targets: Sequence[IndicatorTarget]


def indicators_of_plan(session: Session, plan_id: int) -> list[IndicatorRow]:
    ids = select(Indicator.id).where(Indicator.plan_id == plan_id)
    leads: dict[int, list[str]] = defaultdict(list)
    for lead, department, group in session.execute(
        select(IndicatorLead.indicator_id, Department.name, DepartmentGroup.name)
        .outerjoin(Department, col(Department.id) == IndicatorLead.department_id)
        .outerjoin(DepartmentGroup, col(DepartmentGroup.id) == IndicatorLead.group_id)
        .where(col(IndicatorLead.indicator_id).in_(ids))
        .order_by(col(IndicatorLead.indicator_id), col(IndicatorLead.position))
    ):
        leads[lead].append(department or group)
    targets: dict[int, list[IndicatorTarget]] = defaultdict(list)
    for target in session.exec(
        select(IndicatorTarget)
        .where(col(IndicatorTarget.indicator_id).in_(ids))
        .order_by(col(IndicatorTarget.indicator_id), col(IndicatorTarget.position))
    ):
        targets[target.indicator_id].append(target)
    statement = (
        select(Indicator, Area.title)
        .outerjoin(Area, col(Area.id) == Indicator.area_id)
        .where(Indicator.plan_id == plan_id, col(Indicator.withdrawn).is_(False))
        .order_by(col(Indicator.position))
    )
    return [
        IndicatorRow(row, area, leads[row.id or 0], targets[row.id or 0]) for row, area in session.execute(statement)
    ]


@dataclass(frozen=True, slots=True)
class IndicatorGroup:
    """Indicators of one area (None: of the plan as a whole); `notes` by the indicator's number."""

    area: str | None
    rows: Sequence[IndicatorRow]
    years: Sequence[int]
    notes: Mapping[str, Sequence[Note]]


def indicator_groups(session: Session, plan_id: int) -> list[IndicatorGroup]:
    """In the order of the document."""
    notes: dict[str, list[Note]] = defaultdict(list)
    for note in notes_on(session, plan_id, "indicator"):
        notes[note.subject.key].append(note)
    by_area: dict[str | None, list[IndicatorRow]] = {}
    for row in indicators_of_plan(session, plan_id):
        by_area.setdefault(row.area, []).append(row)
    return [
        IndicatorGroup(area, rows, sorted({target.year for row in rows for target in row.targets}), notes)
        for area, rows in by_area.items()
    ]
