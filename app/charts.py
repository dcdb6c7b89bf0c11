"""Where the marks of a chart stand: plain numbers, which a template turns into SVG.

Across, everything is in percent of the width, so that a chart is as wide as the page leaves it room and its words
keep their size; down, it is in pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import floor, log10

_STEPS = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Scale:
    """Counts from 0 to `top`; `ticks` are round numbers, 0 and `top` among them."""

    top: int
    ticks: Sequence[int]

    def share(self, value: int) -> float:
        """0 at the foot, 1 at the top."""
        return min(max(value / self.top, 0.0), 1.0)


def scale(largest: int, *, most_ticks: int = 4) -> Scale:
    """Steps of 1, 2 or 5 times a power of ten, at most `most_ticks` of them; an empty chart still has 0 and 1."""
    largest = max(largest, 1)
    power = 10 ** max(0, floor(log10(largest)) - 1)
    sizes = (step * power * ten for ten in (1, 10, 100) for step in _STEPS[:3])
    size = next(size for size in sizes if -(-largest // size) <= most_ticks)
    top = -(-largest // size) * size
    return Scale(top, range(0, top + 1, size))


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a bar, in percent of its length. `key` says what is counted."""

    key: str
    count: int
    start: float
    width: float


def stacked(parts: Sequence[tuple[str, int]], *, least: float = 1.5) -> list[Segment]:
    """The parts side by side, together 100; what does not occur is left out.

    Whatever occurs is at least `least` wide, or a single late one among thousands could not be seen.
    """
    there = [(key, count) for key, count in parts if count > 0]
    total = sum(count for _key, count in there)
    least = min(least, 100 / max(len(there), 1))
    widths = [max(100 * count / total, least) for _key, count in there]
    # What the small ones gained is taken from the others, in proportion to what they have to give.
    spare = [width - least for width in widths]
    excess = sum(widths) - 100
    given = excess / sum(spare) if sum(spare) > 0 else 0.0
    segments, start = [], 0.0
    for (key, count), width, over in zip(there, widths, spare, strict=True):
        shown = width - over * given
        segments.append(Segment(key, count, round(start, 3), round(shown, 3)))
        start += shown
    return segments


@dataclass(frozen=True, slots=True)
class Mark:
    """One value of a series. `told`: its number is written beside it, at `anchor` (start, middle or end)."""

    x: float
    y: float
    value: int
    told: bool
    anchor: str


@dataclass(frozen=True, slots=True)
class Line:
    """From one mark to the next."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class Series:
    """A series over time. `grid` are (y, number), `months` (x, the first day of a month)."""

    height: int
    marks: Sequence[Mark]
    lines: Sequence[Line]
    grid: Sequence[tuple[float, int]]
    months: Sequence[tuple[float, date]]


# Room for the numbers on the left and for half a mark on the right, in percent; for words above and below, in pixels.
_LEFT, _RIGHT = 9.0, 96.0
_TOP, _FOOT = 24, 44
_NEAR = 9.0  # two numbers this close together would run into each other on a phone


def series(values: Sequence[tuple[date, int]], *, height: int = 240) -> Series:
    """In the order of time. One value stands in the middle; none is a grid alone."""
    up = scale(max((value for _day, value in values), default=0))

    def y(value: int) -> float:
        return round(height - _FOOT - up.share(value) * (height - _FOOT - _TOP), 2)

    first, last = (values[0][0], values[-1][0]) if values else (date.min, date.min)
    days = (last - first).days

    def x(day: date) -> float:
        if days == 0:
            return (_LEFT + _RIGHT) / 2
        return round(_LEFT + (day - first).days / days * (_RIGHT - _LEFT), 3)

    told = _told([(x(day), value) for day, value in values])
    marks = [Mark(x(day), y(value), value, place in told, _anchor(x(day))) for place, (day, value) in enumerate(values)]
    return Series(
        height=height,
        marks=marks,
        lines=[Line(one.x, one.y, other.x, other.y) for one, other in pairwise(marks)],
        grid=[(y(tick), tick) for tick in up.ticks],
        months=[(x(day), day) for day in _month_starts(first, last)] if days else [],
    )


def _anchor(x: float) -> str:
    if x < _LEFT + _NEAR / 2:
        return "start"
    return "end" if x > _RIGHT - _NEAR / 2 else "middle"


def _told(places: Sequence[tuple[float, int]]) -> set[int]:
    """The last value, the highest and the first, where they do not stand too close together."""
    if not places:
        return set()
    highest = max(range(len(places)), key=lambda place: places[place][1])
    told: list[int] = []
    for place in (len(places) - 1, highest, 0):
        if all(abs(places[place][0] - places[other][0]) >= _NEAR for other in told):
            told.append(place)
    return set(told)


def _month_starts(first: date, last: date) -> list[date]:
    """The first days of months within, at most about a dozen: of longer times every second, third and so on."""
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    starts = [date(month // 12, month % 12 + 1, 1) for month in months]
    within = [day for day in starts if first <= day <= last]
    return within[:: len(within) // 12 + 1]
