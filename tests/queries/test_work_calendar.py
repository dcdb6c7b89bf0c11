from datetime import date

import pytest
from sqlmodel import Session, select

from app.models import DayException, Region
from app.queries.work_calendar import work_calendar


def region_id(session: Session, code: str = "test") -> int:
    return session.exec(select(Region.id).where(Region.code == code)).one() or 0


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2024, 9, 29), True),  # a Sunday, worked for National Day
        (date(2024, 9, 30), True),
        (date(2024, 10, 1), False),
        (date(2024, 10, 7), False),  # a Monday
        (date(2024, 10, 12), True),  # a Saturday, worked for National Day
        (date(2024, 10, 13), False),
        (date(2024, 2, 29), True),  # a leap day
        (date(2025, 1, 26), True),  # a Sunday, worked for Spring Festival
        (date(2025, 1, 28), False),
    ],
)
def test_holidays_and_make_up_days_are_known(session: Session, day: date, working: bool) -> None:
    assert work_calendar(session, region_id(session)).is_working(day) is working


def test_years_without_a_notice_are_provisional_and_follow_the_week(session: Session) -> None:
    calendar = work_calendar(session, region_id(session))
    assert not calendar.is_provisional(date(2004, 1, 1))
    assert not calendar.is_provisional(date(2026, 12, 31))
    assert calendar.is_provisional(date(2003, 12, 31))
    assert calendar.is_provisional(date(2031, 1, 1))
    assert calendar.is_working(date(2031, 1, 1))
    assert not calendar.is_working(date(2031, 1, 4))


def test_a_regions_own_days_go_first_and_stay_its_own(session: Session) -> None:
    here = region_id(session)
    session.add(DayException(region_id=here, day=date(2024, 11, 25), working=False, reason="停电检修"))
    session.add(DayException(region_id=here, day=date(2024, 10, 1), working=True, reason="值班"))
    session.flush()
    assert not work_calendar(session, here).is_working(date(2024, 11, 25))
    assert work_calendar(session, here).is_working(date(2024, 10, 1))
    elsewhere = work_calendar(session, region_id(session, "next"))
    assert elsewhere.is_working(date(2024, 11, 25))
    assert not elsewhere.is_working(date(2024, 10, 1))
