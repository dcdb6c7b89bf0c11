"""A month of the calendar, and the weeks in which it is drawn."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

FIRST_YEAR = 2000
LAST_YEAR = 2099
MONTHS = 12
WEEK = 7

_TYPED = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*月?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(day.year, day.month)

    @property
    def first(self) -> date:
        return date(self.year, self.number, 1)

    @property
    def last(self) -> date:
        return self.shifted(1).first - timedelta(days=1)

    def shifted(self, months: int) -> "Month":
        place = self.year * MONTHS + self.number - 1 + months
        return Month(place // MONTHS, place % MONTHS + 1)

    @property
    def is_offered(self) -> bool:
        """Pages lead to the months of this century and to no others."""
        return FIRST_YEAR <= self.year <= LAST_YEAR

    def holds(self, day: date | None) -> bool:
        return day is not None and Month.of(day) == self

    @property
    def text(self) -> str:
        """2024-11, as it stands in an address."""
        return f"{self.year:04}-{self.number:02}"

    def weeks(self) -> Sequence[Sequence[date]]:
        """Whole weeks from Monday to Sunday; the first and the last reach into the neighbouring months."""
        monday = self.first - timedelta(days=self.first.weekday())
        weeks = []
        while monday <= self.last:
            weeks.append([monday + timedelta(days=offset) for offset in range(WEEK)])
            monday += timedelta(days=WEEK)
        return weeks


def read_month(text: str) -> Month | None:
    """2024-11, 2024/11 and 2024年11月 are understood; None for anything else and for other centuries."""
    found = _TYPED.fullmatch(text.strip())
    if found is None or not 1 <= int(found[2]) <= MONTHS:
        return None
    month = Month(int(found[1]), int(found[2]))
    return month if month.is_offered else None
