from datetime import date, timedelta

import pytest
from hypothesis import given, settings

from app.domain.reasons_of_dates import DueEvent, FreeDays, Reckoning, due_steps, reckoned, reminder_days
from app.domain.reminders import Hearing
from app.domain.workdays import DayKind, DayReason, Holiday, WorkCalendar
from app.domain.workflow import EventKind
from tests.domain.test_reminders import NATIONAL_DAY, PLAIN, calendars, days_of_2024, matter, spoken_days

DUE = date(2024, 12, 31)
NEVER = timedelta(days=120)  # before the first rung, however many days in a row are free


@settings(max_examples=60, deadline=None)
@given(calendar=calendars, due=days_of_2024, today=days_of_2024)
def test_the_panel_names_the_days_on_which_the_digest_speaks(calendar: WorkCalendar, due: date, today: date) -> None:
    panel = reminder_days(calendar, due, today)
    spoken = spoken_days(matter(due), due - NEVER, panel.weekly[-1].day, calendar=calendar)
    assert sorted({rung.day for rung in panel.rungs}) == [day for day in spoken if day <= due]
    late = [day for day in spoken if day > due]
    assert panel.after[0].day == late[0]
    assert [one.day for one in panel.weekly] == [day for day in late[1:] if day >= today]
    assert panel.next_from(today) == min(day for day in spoken if day >= today)


@settings(max_examples=30, deadline=None)
@given(calendar=calendars, due=days_of_2024)
def test_the_head_hears_when_the_panel_says_so(calendar: WorkCalendar, due: date) -> None:
    panel = reminder_days(calendar, due, due)
    assert panel.head is not None
    assert spoken_days(matter(due), due, panel.head.day, calendar=calendar, hearing=Hearing.COPY) == [panel.head.day]


@settings(deadline=None)
@given(calendar=calendars, due=days_of_2024, today=days_of_2024)
def test_every_move_is_explained_day_by_day(calendar: WorkCalendar, due: date, today: date) -> None:
    for one in reminder_days(calendar, due, today).liaisons:
        free = [
            part.first + timedelta(days=offset)
            for part in one.moved_over
            for offset in range((part.last - part.first).days + 1)
        ]
        between = abs((one.day - one.nominal).days)
        assert len(free) == len(set(free)) == between
        assert not any(calendar.is_working(day) for day in free)
        assert calendar.is_working(one.day)


def test_a_weekend_and_a_holiday_are_told_apart() -> None:
    calendar = WorkCalendar(
        {**NATIONAL_DAY.exceptions, date(2024, 9, 30): False},
        known_years=frozenset({2024}),
        holidays={date(2024, 10, day): Holiday.NATIONAL_DAY for day in range(1, 8)},
        local={date(2024, 9, 30): "停电检修"},
    )
    last = reminder_days(calendar, date(2024, 10, 6), date(2024, 9, 1)).rungs[-1]
    assert (last.before, last.nominal, last.day) == (0, date(2024, 10, 6), date(2024, 9, 29))
    assert last.moved_over == [
        FreeDays(date(2024, 9, 30), date(2024, 9, 30), DayReason(DayKind.LOCAL_CLOSURE, note="停电检修")),
        FreeDays(date(2024, 10, 1), date(2024, 10, 6), DayReason(DayKind.HOLIDAY, Holiday.NATIONAL_DAY)),
    ]
    assert last.reason.kind is DayKind.MAKE_UP
    assert last.provisional_years == frozenset()


def test_without_a_notice_the_days_are_provisional() -> None:
    known = WorkCalendar(known_years=frozenset({2024}))
    panel = reminder_days(known, DUE, date(2024, 12, 1))
    assert [one.day for one in panel.liaisons if one.provisional_years] == [
        date(2025, 1, 1),
        date(2025, 1, 6),
        date(2025, 1, 13),
    ]
    assert panel.provisional_years == [2025]


def test_a_calendar_without_any_working_week_ends() -> None:
    closed = WorkCalendar({date(2025, 1, 2) + timedelta(days=offset): False for offset in range(900)})
    assert reminder_days(closed, DUE, DUE).weekly == []


@pytest.mark.parametrize(
    ("printed", "due", "how"),
    [
        ("2024年12月底前", date(2024, 12, 31), Reckoning.MONTH_END),
        ("2024年2月底前", date(2024, 2, 29), Reckoning.MONTH_END),
        ("到2025年", date(2025, 12, 31), Reckoning.YEAR_END),
        ("2024年12月15日前", date(2024, 12, 15), None),
        ("2024年6月", date(2024, 6, 15), None),
        ("长期坚持", None, None),
        ("", date(2025, 12, 31), None),
    ],
)
def test_how_a_day_was_made_of_a_phrase(printed: str, due: date | None, how: Reckoning | None) -> None:
    assert reckoned(printed, due) is how


def test_only_what_moved_the_date_or_its_holder_is_a_step() -> None:
    later, last = date(2025, 3, 31), date(2025, 6, 30)
    events = [
        DueEvent(1, EventKind.OPENED, DUE, "旧局"),
        DueEvent(2, EventKind.REPORTED, DUE, "旧局"),
        DueEvent(3, EventKind.EXTENDED, later, "旧局"),
        DueEvent(4, EventKind.TRANSFERRED, later, "甲局"),
        DueEvent(5, EventKind.DUE_MOVED, last, "甲局"),
        DueEvent(6, EventKind.SUBMITTED, last, "甲局"),
    ]
    steps = due_steps(events)
    assert [(step.event.seq, step.before, step.from_department, step.moved_days) for step in steps] == [
        (1, None, None, None),
        (3, DUE, None, 90),
        (4, later, "旧局", None),
        (5, later, None, 91),
    ]


def test_a_day_without_an_exception_follows_the_week() -> None:
    assert PLAIN.reason(date(2024, 11, 30)) == DayReason(DayKind.WEEKEND)
    assert PLAIN.reason(date(2024, 11, 29)) == DayReason(DayKind.WEEKDAY)
