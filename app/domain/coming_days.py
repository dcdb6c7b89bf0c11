"""What is sent on the days to come, and what one local day off or working day moves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from app.domain.workdays import DayKind, Holiday, WorkCalendar


@dataclass(frozen=True, slots=True)
class ComingDay:
    """A working day to come. `weekly`: the weekly list goes out, too."""

    day: date
    weekly: bool


def coming_days(calendar: WorkCalendar, first: date, days: int) -> list[ComingDay]:
    """The working days among the `days` days from `first` on."""
    span = (first + timedelta(days=offset) for offset in range(days))
    return [ComingDay(day, calendar.first_of_week(day) == day) for day in span if calendar.is_working(day)]


@dataclass(frozen=True, slots=True)
class Moved:
    """What one local day changes: reminders of a day off are said on `said`, None when the day is worked.

    `list_before` and `list_after`: the day of that week's list without it and with it.
    """

    said: date | None
    list_before: date | None
    list_after: date | None


def moved_by(day: date, calendar: WorkCalendar) -> Moved:
    """A local day is always the opposite of what the day would be, so the calendar without it is known."""
    without = replace(calendar, exceptions={**calendar.exceptions, day: not calendar.is_working(day)})
    said = None if calendar.is_working(day) else calendar.on_or_before(day)
    return Moved(said, without.first_of_week(day), calendar.first_of_week(day))


@dataclass(frozen=True, slots=True)
class Festival:
    """A public holiday of one year: its free days as (first, last), and the weekend days that make up for them."""

    holiday: Holiday
    off: Sequence[tuple[date, date]]
    worked: Sequence[date]


def festivals(calendar: WorkCalendar, year: int) -> list[Festival]:
    """As the State Council's notice has them, whatever the region decided; empty where it is not known."""
    days: dict[Holiday, list[date]] = {}
    for day, holiday in sorted(calendar.holidays.items()):
        if day.year == year:
            days.setdefault(holiday, []).append(day)
    national = replace(calendar, local={})
    return [
        Festival(
            holiday,
            _runs([day for day in found if national.reason(day).kind is not DayKind.MAKE_UP]),
            [day for day in found if national.reason(day).kind is DayKind.MAKE_UP],
        )
        for holiday, found in sorted(days.items(), key=lambda item: item[1][0])
    ]


def _runs(days: Sequence[date]) -> list[tuple[date, date]]:
    found: list[tuple[date, date]] = []
    for day in days:
        if found and found[-1][1] == day - timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found
