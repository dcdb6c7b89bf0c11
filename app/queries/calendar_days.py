"""The calendar of a region: what is due on which day, which phases end, which days are worked."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.domain.lights import Light
from app.domain.months import Month
from app.domain.workdays import DayReason, WorkCalendar
from app.domain.workflow import State
from app.drafts.plan_draft import CheckpointKind
from app.models import Milestone, Obligation, Phase, Plan, Task
from app.queries.obligation_lights import light_column
from app.queries.region_rows import RowsWanted, owed


@dataclass(frozen=True, slots=True)
class PhaseEnd:
    """A phase or a checkpoint of a plan that ends on a day."""

    plan_code: str
    plan_title: str
    name: str
    checkpoint: CheckpointKind | None


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """`lights`: what is due, by light, only those that occur. `outside`: of a neighbouring month, without counts."""

    day: date
    outside: bool
    reason: DayReason
    working: bool
    lights: Mapping[Light, int] = field(default_factory=dict)
    phases: Sequence[PhaseEnd] = ()

    @property
    def total(self) -> int:
        return sum(self.lights.values())


@dataclass(frozen=True, slots=True)
class CalendarMonth:
    """Weeks from Monday to Sunday. `provisional`: the notice of holidays is not known for the year."""

    month: Month
    weeks: Sequence[Sequence[CalendarDay]]
    provisional: bool

    @property
    def total(self) -> int:
        return sum(day.total for week in self.weeks for day in week)

    @property
    def is_empty(self) -> bool:
        return not any(day.total or day.phases for week in self.weeks for day in week)


def calendar_month(
    session: Session, region_id: int, month: Month, wanted: RowsWanted, today: date, *, worked: WorkCalendar
) -> CalendarMonth:
    """`wanted` narrows by department and plan. Two statements."""
    lights = _due(session, region_id, replace(wanted, due_from=month.first, due_to=month.last), today)
    phases = phase_ends(session, region_id, month.first, month.last, plan_id=wanted.plan_id)

    def on(day: date) -> CalendarDay:
        return CalendarDay(
            day=day,
            outside=not month.holds(day),
            reason=worked.reason(day),
            working=worked.is_working(day),
            lights=lights.get(day, {}),
            phases=phases.get(day, ()),
        )

    weeks = [[on(day) for day in week] for week in month.weeks()]
    return CalendarMonth(month, weeks, worked.is_provisional(month.first))


def _due(session: Session, region_id: int, wanted: RowsWanted, today: date) -> Mapping[date, Mapping[Light, int]]:
    statement = select(col(Obligation.due), light_column(today).label("light"), func.count()).select_from(Obligation)
    found: dict[date, dict[str, int]] = defaultdict(dict)
    for due, light, count in session.execute(
        owed(statement, region_id, wanted, today).group_by(col(Obligation.due), "light")
    ):
        found[due][light] = count
    # The late ones first, what is done last.
    order = (Light.OVERDUE, Light.DUE_SOON, Light.IN_REVIEW, Light.ON_TRACK, Light.NOT_STARTED, Light.DONE)
    return {
        day: {light: counts[light.value] for light in order if light.value in counts} for day, counts in found.items()
    }


def phase_ends(
    session: Session, region_id: int, first: date, last: date, *, plan_id: int | None = None
) -> Mapping[date, Sequence[PhaseEnd]]:
    """Phases and checkpoints of the region's plans, by the day on which they end."""
    statement = (
        select(col(Phase.due), col(Plan.code), col(Plan.title), col(Phase.name), col(Phase.checkpoint))
        .join(Plan, col(Plan.id) == Phase.plan_id)
        .where(
            col(Plan.region_id) == region_id,
            col(Phase.withdrawn).is_(False),
            col(Phase.due) >= first,
            col(Phase.due) <= last,
        )
        .order_by(col(Phase.due), col(Plan.period_from).desc(), col(Plan.code), col(Phase.position))
    )
    if plan_id is not None:
        statement = statement.where(col(Plan.id) == plan_id)
    found: dict[date, list[PhaseEnd]] = defaultdict(list)
    for due, *told in session.execute(statement):
        found[due].append(PhaseEnd(*told))
    return found


@dataclass(frozen=True, slots=True)
class YearlyReview:
    """A standing duty of a task, to be looked at on this day of every year by so many departments."""

    plan_code: str
    plan_title: str
    task_number: str
    task_title: str
    review: str
    departments: int

    @property
    def day(self) -> tuple[int, int]:
        """As (month, day)."""
        return int(self.review[:2]), int(self.review[3:])


def yearly_reviews(
    session: Session, region_id: int, month: Month, wanted: RowsWanted, today: date
) -> Sequence[YearlyReview]:
    """Task by task: what has no date and is to be looked at in this month of every year."""
    columns: list[Any] = [col(Plan.code), col(Plan.title), col(Task.number), col(Task.title), col(Milestone.review)]
    statement = (
        owed(select(*columns, func.count()).select_from(Obligation), region_id, wanted, today)
        .join(Plan, col(Plan.id) == Obligation.plan_id)
        .join(Task, col(Task.id) == Obligation.task_id)
        .where(
            col(Obligation.due).is_(None),
            col(Milestone.review).startswith(f"{month.number:02}-"),
            col(Obligation.state) != State.ACCEPTED,
        )
        .group_by(*columns, col(Plan.period_from), col(Plan.id), col(Task.position), col(Task.id))
        .order_by(col(Milestone.review), col(Plan.period_from).desc(), col(Plan.id), col(Task.position), col(Task.id))
    )
    return [YearlyReview(*row) for row in session.execute(statement)]


def neighbours(
    session: Session, region_id: int, month: Month, wanted: RowsWanted, today: date
) -> tuple[date | None, date | None]:
    """The last due date before the month and the first one after it, to lead on from an empty month."""
    before = replace(wanted, due_to=month.shifted(-1).last)
    after = replace(wanted, due_from=month.shifted(1).first)
    last = owed(select(func.max(col(Obligation.due))).select_from(Obligation), region_id, before, today)
    first = owed(select(func.min(col(Obligation.due))).select_from(Obligation), region_id, after, today)
    return session.execute(last).scalar_one(), session.execute(first).scalar_one()
