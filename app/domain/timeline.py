"""Where things stand on a drawing with a time axis. Lengths are in pixels, x from the axis' left end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

NARROW_QUARTER = 20  # narrower quarters are not drawn: their lines would be a hatching
LABELLED_QUARTER = 44  # the least width in which a quarter's name can be read


@dataclass(frozen=True, slots=True)
class Span:
    """A year or a quarter; `number` is the year, or 1 to 4."""

    number: int
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Axis:
    """From the first day to the end of the last one."""

    first: date
    last: date
    width: float

    def x(self, day: date, *, end: bool = True) -> float:
        """The end of that day, for what is due on it, or its beginning; what lies outside stands at the edge."""
        days = (day - self.first).days + (1 if end else 0)
        share = days / ((self.last - self.first).days + 1)
        return round(min(max(share, 0.0), 1.0) * self.width, 1)

    @property
    def years(self) -> list[Span]:
        return [
            self._span(year, date(year, 1, 1), date(year, 12, 31))
            for year in range(self.first.year, self.last.year + 1)
        ]

    @property
    def quarters(self) -> list[Span]:
        """None where they would be too narrow to be seen."""
        found = []
        for year in range(self.first.year, self.last.year + 1):
            for number in range(1, 5):
                begin = date(year, 3 * number - 2, 1)
                following = date(year + number // 4, (3 * number) % 12 + 1, 1)
                found.append(self._span(number, begin, following - timedelta(days=1)))
        return found if found and found[0].width >= NARROW_QUARTER else []

    @property
    def names_quarters(self) -> bool:
        return any(span.width >= LABELLED_QUARTER for span in self.quarters)

    def _span(self, number: int, begin: date, end: date) -> Span:
        left = self.x(begin, end=False)
        return Span(number, left, round(self.x(end) - left, 1))


def axis_over(years: tuple[int, int], days: Iterable[date], *, width: float) -> Axis:
    """Whole years: the given ones, and those of any day that lies outside of them."""
    named = [*years, *(day.year for day in days)]
    return Axis(date(min(named), 1, 1), date(max(named), 12, 31), width)


def spread(wanted: Sequence[float], *, gap: float, least: float, most: float) -> list[float]:
    """Places at least `gap` apart, in the same order and as near as can be to where they are wanted.

    `wanted` ascends. Where there is no room for all between `least` and `most` they stand evenly over it.
    """
    if not wanted:
        return []
    needed = gap * (len(wanted) - 1)
    if needed > most - least:
        gap = (most - least) / (len(wanted) - 1)
    places: list[float] = []
    for place in wanted:
        lowest = places[-1] + gap if places else least
        places.append(max(place, lowest))
    limit = most
    for index in range(len(places) - 1, -1, -1):
        places[index] = min(places[index], limit)
        limit = places[index] - gap
    return [round(place, 1) for place in places]


def left_of(x: float, *, width: float, taken: Iterable[tuple[float, float]]) -> bool:
    """Whether a label of this width at a line stands better on its left: on its right something would be covered."""
    return any(begin < x + width and x < end for begin, end in taken)
