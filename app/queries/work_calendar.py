"""The working days of a region: the State Council's yearly notices, and what the region itself decided."""

from collections.abc import Mapping
from datetime import date
from functools import cache

from chinese_calendar import constants
from sqlmodel import Session, col, select

from app.domain.workdays import Holiday, WorkCalendar
from app.models import DayException


def work_calendar(session: Session, region_id: int) -> WorkCalendar:
    """The region's own closures and working days go before the national calendar."""
    local = session.exec(
        select(col(DayException.day), col(DayException.working), col(DayException.reason)).where(
            DayException.region_id == region_id
        )
    ).all()
    return WorkCalendar(
        exceptions={**_national_days(), **{day: working for day, working, _reason in local}},
        known_years=_known_years(),
        holidays=_holidays(),
        local={day: reason for day, _working, reason in local},
    )


@cache
def _national_days() -> Mapping[date, bool]:
    """Holidays, and the weekend days on which they are worked off (调休)."""
    return {**dict.fromkeys(constants.holidays, False), **dict.fromkeys(constants.workdays, True)}


@cache
def _holidays() -> Mapping[date, Holiday]:
    """What is celebrated on a holiday, and worked off on a make-up day."""
    known = {member.value: member for member in Holiday}
    named = {**constants.holidays, **constants.workdays}
    return {day: known[name] for day, name in named.items() if name in known}


@cache
def _known_years() -> frozenset[int]:
    """Years of which the notice is in the package, at present 2004 to 2026."""
    return frozenset(day.year for day in constants.holidays)
