"""Which due dates somebody above the liaison may hear of on a day: what a query needs not to read everything."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from app.domain.reminder_rules import MADE_UP_DAYS
from app.domain.reminders import Hearing, Ladder, hears_after

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Dues:
    """From `earliest`, if there is one, to `latest`, both included."""

    earliest: date | None
    latest: date


def heard_dues(ladders: Iterable[Ladder], hearing: Hearing) -> Dues | None:
    """All dates of which `Ladder.reached` may say something by any of these rules; None if they never do.

    The secretariat hears once, so what it was to hear longer ago than is remembered is left out; others hear weekly.
    """
    found = None
    for ladder in ladders:
        after = hears_after(ladder.rules, hearing)
        if after is None:
            continue
        earliest = _earliest(ladder, after) if hearing is Hearing.SECRETARIAT else None
        latest = ladder.day - _DAY * (after + 1)  # at the least: were every day worked
        if found is None:
            found = Dues(earliest, latest)
            continue
        if earliest is not None and found.earliest is not None:
            earliest = min(earliest, found.earliest)
        found = Dues(earliest, max(latest, found.latest))
    return found


def _earliest(ladder: Ladder, after: int) -> date:
    """Of an earlier date it was said before the first day that is remembered."""
    day = ladder.day - _DAY * MADE_UP_DAYS
    for _step in range(after + 1):
        day = ladder.calendar.on_or_before(day - _DAY)
    return day
