"""Working days of the Chinese calendar: weekends, public holidays, make-up days, local closures."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

SATURDAY = 5


class Holiday(StrEnum):
    """The public holidays of the State Council's notices, by the names that the calendar package gives them."""

    NEW_YEAR = "New Year's Day"
    SPRING_FESTIVAL = "Spring Festival"
    TOMB_SWEEPING = "Tomb-sweeping Day"
    LABOUR_DAY = "Labour Day"
    DRAGON_BOAT = "Dragon Boat Festival"
    NATIONAL_DAY = "National Day"
    MID_AUTUMN = "Mid-autumn Festival"
    VICTORY = "Anti-Fascist 70th Day"


class DayKind(StrEnum):
    """Why a day is worked, or is not."""

    WEEKDAY = "weekday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKE_UP = "make_up"
    LOCAL_WORKDAY = "local_workday"
    LOCAL_CLOSURE = "local_closure"


@dataclass(frozen=True, slots=True)
class DayReason:
    """`holiday` of a public holiday and of the day on which it is worked off; `note`: what the region wrote."""

    kind: DayKind
    holiday: Holiday | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """`exceptions` says of single days whether they are worked; all other days follow the week.

    In years outside `known_years` the State Council's notice is not known: answers are provisional (暂定).
    `holidays` names what the notices named, `local` is the region's own word on the days that it decided.
    """

    exceptions: Mapping[date, bool] = field(default_factory=dict)
    known_years: frozenset[int] = frozenset()
    holidays: Mapping[date, Holiday] = field(default_factory=dict)
    local: Mapping[date, str] = field(default_factory=dict)

    def is_working(self, day: date) -> bool:
        return self.exceptions.get(day, day.weekday() < SATURDAY)

    def reason(self, day: date) -> DayReason:
        """Why `is_working` answers as it does."""
        working = self.is_working(day)
        if day in self.local:
            return DayReason(DayKind.LOCAL_WORKDAY if working else DayKind.LOCAL_CLOSURE, note=self.local[day])
        if day in self.exceptions and working is (day.weekday() >= SATURDAY):
            return DayReason(DayKind.MAKE_UP if working else DayKind.HOLIDAY, self.holidays.get(day))
        if not working:
            # A weekend inside of a public holiday belongs to it.
            named = self.holidays.get(day)
            return DayReason(DayKind.HOLIDAY, named) if named else DayReason(DayKind.WEEKEND)
        return DayReason(DayKind.WEEKDAY)

    def is_provisional(self, day: date) -> bool:
        return day.year not in self.known_years

    def on_or_after(self, day: date) -> date:
        """`day` itself if it is worked, else the next working day."""
        while not self.is_working(day):
            day += timedelta(days=1)
        return day

    def on_or_before(self, day: date) -> date:
        while not self.is_working(day):
            day -= timedelta(days=1)
        return day

    def first_of_week(self, day: date) -> date | None:
        """The first working day of the Monday-to-Sunday week that holds `day`; None in a week without one."""
        monday = day - timedelta(days=day.weekday())
        week = (monday + timedelta(days=offset) for offset in range(7))
        return next((one for one in week if self.is_working(one)), None)

    def list_day(self, day: date) -> date:
        """The day of the weekly list in the week that holds `day`, or in the next week with a working day."""
        while (first := self.first_of_week(day)) is None:
            day += timedelta(days=7)
        return first

    def between(self, first: date, last: date) -> int:
        """Working days after `first` up to and including `last`: the day of receipt does not count."""
        days = (first + timedelta(days=offset) for offset in range(1, (last - first).days + 1))
        return sum(1 for day in days if self.is_working(day))
