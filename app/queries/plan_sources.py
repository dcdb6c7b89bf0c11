"""Indicators and source notes of a plan, in the groups in which they are read."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.models import Area, Department, DepartmentGroup, Indicator, Plan, SourceNote, Task
from app.queries.plans import IndicatorRow, indicators_of_plan, source_notes


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
class IndicatorGroup:
    """Indicators of one area (None: of the plan as a whole); `notes` by the indicator's number."""

    area: str | None
    rows: Sequence[IndicatorRow]
    years: Sequence[int]
    notes: Mapping[str, Sequence[SourceNote]]


def indicator_groups(session: Session, plan_id: int) -> list[IndicatorGroup]:
    """In the order of the document."""
    notes: dict[str, list[SourceNote]] = defaultdict(list)
    for note in source_notes(session, plan_id):
        noun, _colon, key = note.about.partition(":")
        if noun == "indicator":
            notes[key].append(note)
    by_area: dict[str | None, list[IndicatorRow]] = {}
    for row in indicators_of_plan(session, plan_id):
        by_area.setdefault(row.area, []).append(row)
    return [
        IndicatorGroup(area, rows, sorted({target.year for row in rows for target in row.targets}), notes)
        for area, rows in by_area.items()
    ]


@dataclass(frozen=True, slots=True)
class NoteGroup:
    """Everything noted about one thing. `noun` is plan, area, task, indicator, department or group.

    `key` is its number or name, `title` what the plan calls it, `department_id` that of a department.
    """

    noun: str
    key: str
    title: str
    department_id: int | None
    notes: Sequence[SourceNote]

    @property
    def anchor(self) -> str:
        return f"{self.noun}-{self.key}" if self.key else self.noun

    @property
    def open(self) -> int:
        return sum(1 for note in self.notes if not note.decision)


_NOUNS = ("plan", "area", "task", "indicator", "department", "group")


def note_groups(session: Session, plan: Plan) -> list[NoteGroup]:
    """The plan itself first, then its areas, tasks and indicators in the order of the document."""
    by_about: dict[tuple[str, str], list[SourceNote]] = defaultdict(list)
    for note in source_notes(session, plan.id or 0):
        noun, _colon, key = note.about.partition(":")
        by_about[noun, key].append(note)
    known = _titles(session, plan)
    order = {about: place for place, about in enumerate(known)}
    found = []
    for about in sorted(by_about, key=lambda about: (_NOUNS.index(about[0]), order.get(about, len(order)), about[1])):
        title, department_id = known.get(about, ("", None))
        found.append(NoteGroup(*about, title, department_id, by_about[about]))
    return found


def _titles(session: Session, plan: Plan) -> dict[tuple[str, str], tuple[str, int | None]]:
    """(noun, key) -> (title, department id), in the order of the document."""
    found: dict[tuple[str, str], tuple[str, int | None]] = {}
    for number, title in session.exec(
        select(Area.number, Area.title).where(Area.plan_id == plan.id).order_by(col(Area.position))
    ):
        found["area", number] = (title, None)
    for number, title in session.exec(
        select(Task.number, Task.title).where(Task.plan_id == plan.id).order_by(col(Task.position))
    ):
        found["task", number] = (title, None)
    for number, name in session.exec(
        select(Indicator.number, Indicator.name).where(Indicator.plan_id == plan.id).order_by(col(Indicator.position))
    ):
        found["indicator", number] = (name, None)
    for key, name in session.exec(
        select(Department.id, Department.name)
        .where(Department.region_id == plan.region_id)
        .order_by(col(Department.position))
    ):
        found["department", name] = (name, key)
    for name in session.exec(select(DepartmentGroup.name).where(DepartmentGroup.region_id == plan.region_id)):
        found["group", name] = (name, None)
    return found
