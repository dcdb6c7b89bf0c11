from dataclasses import replace
from datetime import date

from app.domain.coming_days import ComingDay, coming_days, festivals, moved_by
from app.domain.workdays import Holiday, WorkCalendar

# Monday 2024-12-02 begins the week; the fourth is a holiday worked off on Sunday the eighth.
CALENDAR = WorkCalendar(
    exceptions={date(2024, 12, 4): False, date(2024, 12, 8): True},
    known_years=frozenset({2024}),
    holidays={date(2024, 12, 4): Holiday.NEW_YEAR, date(2024, 12, 8): Holiday.NEW_YEAR},
)


def with_local(day: date, *, working: bool) -> WorkCalendar:
    return replace(CALENDAR, exceptions={**CALENDAR.exceptions, day: working}, local={**CALENDAR.local, day: "决定"})


def test_coming_days_are_the_worked_ones() -> None:
    days = [date(2024, 12, number) for number in (2, 3, 5, 6, 8)]
    assert coming_days(CALENDAR, date(2024, 12, 2), 7) == [ComingDay(day, day == days[0]) for day in days]


def test_a_monday_off_moves_the_list_to_tuesday() -> None:
    moved = moved_by(date(2024, 12, 2), with_local(date(2024, 12, 2), working=False))
    assert (moved.said, moved.list_before, moved.list_after) == (
        date(2024, 11, 29),
        date(2024, 12, 2),
        date(2024, 12, 3),
    )


def test_a_working_sunday_moves_no_list() -> None:
    moved = moved_by(date(2024, 12, 15), with_local(date(2024, 12, 15), working=True))
    assert (moved.said, moved.list_before) == (None, moved.list_after)


def test_a_festival_is_its_free_days_and_those_that_make_up_for_them() -> None:
    (found,) = festivals(CALENDAR, 2024)
    assert (found.off, found.worked) == ([(date(2024, 12, 4), date(2024, 12, 4))], [date(2024, 12, 8)])
    assert festivals(CALENDAR, 2025) == []
