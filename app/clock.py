"""The only reader of the time. Everything else is told: `now` and `today` are arguments."""

import time
from abc import ABC, abstractmethod
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

OFFICE_HOUR = 10


class Clock(ABC):
    @abstractmethod
    def now(self) -> datetime:
        """The present moment in UTC, with zone."""

    @property
    @abstractmethod
    def held_at(self) -> date | None:
        """The day at which the clock is held, or None if it runs."""

    def wall(self) -> datetime:
        """The real moment in UTC, also while the clock is held.

        For what is compared with clocks that nobody can hold: the codes of a phone, the tokens of an identity provider.
        """
        return datetime.now(UTC)


class SystemClock(Clock):
    def now(self) -> datetime:
        return datetime.now(UTC)

    @property
    def held_at(self) -> date | None:
        return None


class HeldClock(Clock):
    """Stays on one day. It runs on from `start` until the day's last second, so that events keep their order.

    `opens` is the hour at which the day begins. `not_before` is the last moment that is already on record: a
    restart must not go behind it.
    """

    def __init__(
        self, day: date, zone: ZoneInfo, not_before: datetime | None = None, *, opens: int = OFFICE_HOUR
    ) -> None:
        self._day = day
        start = datetime(day.year, day.month, day.day, opens, tzinfo=zone).astimezone(UTC)
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
        self._end = midnight + timedelta(days=1) - timedelta(seconds=1)
        self._start = max(start, min(not_before, self._end)) if not_before else start
        self._began = time.monotonic()

    def now(self) -> datetime:
        elapsed = timedelta(seconds=time.monotonic() - self._began)
        return min(self._start + elapsed, self._end)

    @property
    def held_at(self) -> date | None:
        return self._day


def local_day(moment: datetime, zone: str) -> date:
    """The calendar day of a moment in a region's zone: deadlines are days, not moments."""
    return moment.astimezone(ZoneInfo(zone)).date()


def day_end(day: date, zone: str) -> datetime:
    """The first moment after `day` in the zone, in UTC."""
    after = day + timedelta(days=1)
    return datetime(after.year, after.month, after.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
