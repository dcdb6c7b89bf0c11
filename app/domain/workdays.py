"""Working days of the Chinese calendar: weekends, public holidays, make-up days, local closures."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """`exceptions` says of single days whether they are worked; all other days follow the week.

    In years outside `known_years` the State Council's notice is not known: answers are provisional (暂定).
    """

    exceptions: Mapping[date, bool] = field(default_factory=dict)
    known_years: frozenset[int] = frozenset()

    def is_working(self, day: date) -> bool:
        return self.exceptions.get(day, day.weekday() < SATURDAY)

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
