"""How punctual a department is: what became of each duty whose date has a place on the calendar, period by period."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.domain.percentage import percentage
from app.domain.workflow import WAITING_FOR_DEPARTMENT, State


class Outcome(StrEnum):
    ON_TIME = "on_time"
    LATE = "late"
    MISSING = "missing"
    AHEAD = "ahead"


def outcome(state: State, due: date, today: date, *, late_days: int | None) -> Outcome | None:
    """By the submission that stands now: one that was returned does not count any more. None when withdrawn."""
    if state is State.CANCELLED:
        return None
    if state in WAITING_FOR_DEPARTMENT:
        return Outcome.MISSING if due < today else Outcome.AHEAD
    return Outcome.LATE if late_days else Outcome.ON_TIME


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The `part`th of `parts` equal parts of a year: 2 parts are half-years, 4 are quarters."""

    year: int
    part: int
    parts: int

    @property
    def first(self) -> date:
        return date(self.year, (self.part - 1) * (12 // self.parts) + 1, 1)

    @property
    def last(self) -> date:
        if self.part == self.parts:
            return date(self.year, 12, 31)
        return date(self.year, self.part * (12 // self.parts) + 1, 1) - timedelta(days=1)


def period_of(day: date, parts: int) -> Period:
    return Period(day.year, (day.month - 1) * parts // 12 + 1, parts)


@dataclass(slots=True)
class Tally:
    """Duties of one period by what became of them."""

    on_time: int = 0
    late: int = 0
    missing: int = 0
    ahead: int = 0

    def add(self, what: Outcome, count: int) -> None:
        match what:
            case Outcome.ON_TIME:
                self.on_time += count
            case Outcome.LATE:
                self.late += count
            case Outcome.MISSING:
                self.missing += count
            case Outcome.AHEAD:
                self.ahead += count

    def of(self, what: Outcome) -> int:
        return {
            Outcome.ON_TIME: self.on_time,
            Outcome.LATE: self.late,
            Outcome.MISSING: self.missing,
            Outcome.AHEAD: self.ahead,
        }[what]

    @property
    def total(self) -> int:
        return self.on_time + self.late + self.missing + self.ahead

    @property
    def percent(self) -> int | None:
        """On time, of what was submitted or should have been by now; None where there is nothing to judge."""
        judged = self.on_time + self.late + self.missing
        return percentage(self.on_time, judged)
