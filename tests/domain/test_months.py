from datetime import date

import pytest

from app.domain.months import Month, read_month


@pytest.mark.parametrize("typed", ["2024-11", "2024/11", "2024.11", "2024年11月", " 2024-11 ", "2024年 11 月"])
def test_a_month_is_understood_as_people_write_it(typed: str) -> None:
    assert read_month(typed) == Month(2024, 11)


@pytest.mark.parametrize(
    "typed",
    ["", "x", "2024", "2024-13", "2024-0", "1999-12", "2100-01", "2024-11-25", "２０２４-11", "9" * 400, "-1-1"],
)
def test_anything_else_is_no_month(typed: str) -> None:
    assert read_month(typed) is None


def test_months_follow_one_another_over_the_year() -> None:
    assert Month(2024, 12).shifted(1) == Month(2025, 1)
    assert Month(2024, 1).shifted(-1) == Month(2023, 12)
    assert Month(2024, 2).last == date(2024, 2, 29)
    assert Month(2099, 12).last == date(2099, 12, 31)
    assert not Month(2000, 1).shifted(-1).is_offered
    assert not Month(2099, 12).shifted(1).is_offered


def test_weeks_are_whole_and_begin_on_monday() -> None:
    weeks = Month(2024, 12).weeks()
    assert [week[0] for week in weeks][:2] == [date(2024, 11, 25), date(2024, 12, 2)]
    assert weeks[-1][-1] == date(2025, 1, 5)
    assert all(len(week) == 7 and week[0].weekday() == 0 for week in weeks)
    assert len(Month(2021, 2).weeks()) == 4
