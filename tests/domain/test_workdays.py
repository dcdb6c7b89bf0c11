"""The days around the Spring Festival and the National Day of 2024, as the State Council's notice has them."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domain.workdays import WorkCalendar


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


HOLIDAYS = [*days(date(2024, 2, 10), date(2024, 2, 17)), *days(date(2024, 10, 1), date(2024, 10, 7))]
MAKE_UP = [date(2024, 2, 4), date(2024, 2, 18), date(2024, 9, 29), date(2024, 10, 12)]
CALENDAR = WorkCalendar(
    exceptions=dict.fromkeys(HOLIDAYS, False) | dict.fromkeys(MAKE_UP, True), known_years=frozenset({2024})
)
PLAIN = WorkCalendar()


def test_days_follow_the_week_unless_an_exception_says_otherwise() -> None:
    assert CALENDAR.is_working(date(2024, 11, 25))
    assert not CALENDAR.is_working(date(2024, 11, 23))
    assert not CALENDAR.is_working(date(2024, 10, 1))
    assert CALENDAR.is_working(date(2024, 10, 12))
    assert not PLAIN.is_working(date(2024, 10, 12))


def test_a_working_day_is_its_own_next_and_last_one() -> None:
    monday = date(2024, 11, 25)
    assert CALENDAR.on_or_after(monday) == CALENDAR.on_or_before(monday) == monday


def test_a_reminder_moves_over_the_holidays_to_the_next_working_day() -> None:
    assert CALENDAR.on_or_after(date(2024, 10, 1)) == date(2024, 10, 8)
    assert CALENDAR.on_or_before(date(2024, 10, 7)) == date(2024, 9, 30)
    assert CALENDAR.on_or_after(date(2024, 2, 10)) == date(2024, 2, 18)
    assert CALENDAR.on_or_before(date(2024, 2, 5) - timedelta(days=1)) == date(2024, 2, 4)


def test_the_week_begins_on_its_first_working_day() -> None:
    assert CALENDAR.first_of_week(date(2024, 11, 28)) == date(2024, 11, 25)
    assert CALENDAR.first_of_week(date(2024, 10, 13)) == date(2024, 10, 8)
    assert CALENDAR.first_of_week(date(2024, 10, 6)) == date(2024, 9, 30)


def test_a_make_up_sunday_can_be_the_only_working_day_of_its_week() -> None:
    assert CALENDAR.first_of_week(date(2024, 2, 14)) == date(2024, 2, 18)


def test_a_week_can_have_no_working_day_at_all() -> None:
    closed = WorkCalendar(exceptions=dict.fromkeys(days(date(2024, 11, 25), date(2024, 11, 29)), False))
    assert closed.first_of_week(date(2024, 11, 27)) is None


def test_a_week_across_the_new_year_is_one_week() -> None:
    assert PLAIN.first_of_week(date(2025, 1, 1)) == date(2024, 12, 30)


def test_the_day_of_receipt_does_not_count() -> None:
    assert CALENDAR.between(date(2024, 11, 25), date(2024, 11, 25)) == 0
    assert CALENDAR.between(date(2024, 11, 25), date(2024, 11, 29)) == 4
    assert CALENDAR.between(date(2024, 11, 29), date(2024, 12, 2)) == 1
    assert CALENDAR.between(date(2024, 9, 30), date(2024, 10, 8)) == 1
    assert CALENDAR.between(date(2024, 11, 29), date(2024, 11, 25)) == 0


def test_a_year_without_a_notice_is_provisional() -> None:
    assert not CALENDAR.is_provisional(date(2024, 12, 31))
    assert CALENDAR.is_provisional(date(2025, 1, 1))


ANY_DAY = st.dates(date(2024, 1, 1), date(2024, 12, 31))


@given(ANY_DAY)
def test_the_nearest_working_days_are_worked_and_nothing_between_is(day: date) -> None:
    after, before = CALENDAR.on_or_after(day), CALENDAR.on_or_before(day)
    assert before <= day <= after
    assert CALENDAR.is_working(after)
    assert CALENDAR.is_working(before)
    assert not any(CALENDAR.is_working(one) for one in days(day, after)[:-1])
    assert not any(CALENDAR.is_working(one) for one in days(before, day)[1:])


@given(ANY_DAY, st.integers(0, 60), st.integers(0, 60))
def test_working_days_of_two_stretches_add_up(day: date, first: int, second: int) -> None:
    middle = day + timedelta(days=first)
    end = middle + timedelta(days=second)
    assert CALENDAR.between(day, middle) + CALENDAR.between(middle, end) == CALENDAR.between(day, end)
