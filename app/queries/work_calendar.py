"""The working days of a region: the State Council's yearly notices, and what the region itself decided."""

from collections.abc import Mapping
from datetime import date
from functools import cache

from chinese_calendar import constants
from sqlmodel import Session, col, select

from app.domain.workdays import WorkCalendar
from app.models import DayException


def work_calendar(session: Session, region_id: int) -> WorkCalendar:
    """The region's own closures and working days go before the national calendar."""
    local = session.exec(
        select(col(DayException.day), col(DayException.working)).where(DayException.region_id == region_id)
    )
    return WorkCalendar({**_national_days(), **dict(local.all())}, _known_years())


@cache
def _national_days() -> Mapping[date, bool]:
    """Holidays, and the weekend days on which they are worked off (调休)."""
    return {**dict.fromkeys(constants.holidays, False), **dict.fromkeys(constants.workdays, True)}


@cache
def _known_years() -> frozenset[int]:
    """Years of which the notice is in the package, at present 2004 to 2026."""
    return frozenset(day.year for day in constants.holidays)
