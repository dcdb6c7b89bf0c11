"""A plan on a time axis: what stands where, worked out here and drawn by a template."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from app.domain.lights import Light
from app.domain.timeline import Axis, axis_over, left_of, spread
from app.drafts.plan_draft import TaskKind
from app.models import Area, Plan, Task
from app.queries.plan_contents import Mark, PlanContents, TaskLine

WIDTH = 896.0  # of the axis in pixels at the usual size of letters; labels stand beside it
ROW = 28  # the height of a line: a mark of 24 px with room around it
HEAD = 48  # years above, phases below them
MARK = 24
LABEL = 40  # the room that a year or 今天 takes


@dataclass(frozen=True, slots=True)
class Point:
    """One milestone: `x` and `y` of its middle. `planned_x`: where it was planned, if its date was moved."""

    x: float
    y: float
    phase: str
    due: date
    planned: date
    planned_x: float | None
    light: Light | None
    done: int
    all: int


@dataclass(frozen=True, slots=True)
class Row:
    """`y` is the middle of the line; `lasting`: a standing duty without a date."""

    task: Task
    y: float
    points: Sequence[Point]
    lasting: bool


@dataclass(frozen=True, slots=True)
class PhaseLine:
    """All phases that end on one day."""

    x: float
    due: date
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Section:
    """The tasks of one area, or those of one kind that stand in no area."""

    area: Area | None
    kind: TaskKind
    rows: Sequence[Row]
    height: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """`today_x` is None outside of the axis; its label stands on the left where it would cover a year."""

    axis: Axis
    today_x: float | None
    today_left: bool
    phases: Sequence[PhaseLine]
    sections: Sequence[Section]
    lights: Sequence[Light]

    @property
    def points(self) -> list[Point]:
        return [point for section in self.sections for row in section.rows for point in row.points]

    @property
    def lasting(self) -> bool:
        return any(row.lasting for section in self.sections for row in section.rows)

    @property
    def dated(self) -> bool:
        """Whether there is anything to draw."""
        return bool(self.points) or self.lasting


def timeline_of(plan: Plan, contents: PlanContents, today: date) -> Timeline:
    marks = [mark for group in contents.groups for line in group.lines for mark in line.marks.values()]
    axis = axis_over((plan.period_from, plan.period_to), [day for mark in marks for day in _days(mark)], width=WIDTH)
    lights = {mark.light for mark in marks}
    by_day: dict[date, list[str]] = {}
    for phase in contents.all_phases:
        if phase.due is not None:
            by_day.setdefault(phase.due, []).append(phase.name)
    today_x = axis.x(today) if axis.first <= today <= axis.last else None
    return Timeline(
        axis=axis,
        today_x=today_x,
        today_left=left_of(today_x or 0, width=LABEL, taken=[(year.x, year.x + LABEL) for year in axis.years]),
        phases=[PhaseLine(axis.x(day), day, names) for day, names in sorted(by_day.items())],
        sections=[
            Section(
                group.area,
                group.kind,
                [_row(axis, line, place) for place, line in enumerate(group.lines)],
                HEAD + ROW * len(group.lines),
            )
            for group in contents.groups
        ],
        lights=[light for light in Light if light in lights],
    )


def _days(mark: Mark) -> Iterator[date]:
    if mark.milestone.due is not None:
        yield mark.milestone.due
        if mark.moved is not None:
            yield mark.moved


def _row(axis: Axis, line: TaskLine, place: int) -> Row:
    y = HEAD + ROW * place + ROW / 2
    dated = sorted(
        ((mark.moved or mark.milestone.due, mark) for mark in line.marks.values() if mark.milestone.due is not None),
        key=lambda pair: (pair[0], pair[1].milestone.id),
    )
    # A mark ends at its day, so that one of 31 December stands in its own year.
    half = MARK / 2
    wanted = [axis.x(day) - half for day, _mark in dated]
    places = spread(wanted, gap=MARK, least=half, most=axis.width - half)
    points = [_point(axis, mark, day, x, y) for (day, mark), x in zip(dated, places, strict=True)]
    return Row(line.task, y, points, lasting=any(mark.milestone.due is None for mark in line.marks.values()))


def _point(axis: Axis, mark: Mark, day: date, x: float, y: float) -> Point:
    planned = mark.milestone.due or day
    return Point(
        x=x,
        y=y,
        phase=mark.milestone.phase,
        due=day,
        planned=planned,
        planned_x=axis.x(planned) - MARK / 2 if planned != day else None,
        light=mark.light,
        done=mark.done,
        all=len(mark.parts),
    )
