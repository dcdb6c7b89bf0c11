from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.reminder_rules import DEFAULT_RULES
from app.domain.reminders import Heading, Hearing, Ladder, Matter, Said, heading
from app.domain.workdays import WorkCalendar
from app.domain.workflow import Role, State

PLAIN = WorkCalendar()
# National Day 2024: 1 to 7 October free, worked off on Sunday 29 September and Saturday 12 October.
NATIONAL_DAY = WorkCalendar(
    {date(2024, 10, day): False for day in range(1, 8)} | {date(2024, 9, 29): True, date(2024, 10, 12): True}
)
DUE = date(2024, 12, 31)  # a Tuesday


def matter(due: date | None = DUE, state: State = State.OPEN, revision: int = 1, **news: Any) -> Matter:
    return Matter(7, 1, "计划", "1.1", "任务", "阶段", Role.LEAD, state, due, due, revision, **news)


def says(
    day: date,
    what: Matter,
    said: Said | None = None,
    *,
    calendar: WorkCalendar = PLAIN,
    hearing: Hearing = Hearing.DEPARTMENT,
) -> Heading | None:
    return heading(what, hearing, Ladder(calendar, day), said)


def spoken_days(
    what: Matter,
    first: date,
    last: date,
    *,
    calendar: WorkCalendar = PLAIN,
    hearing: Hearing = Hearing.DEPARTMENT,
    off: Mapping[date, bool] | None = None,
) -> list[date]:
    """The days of the runs that speak of it, when a run is made on every working day that is not `off`."""
    said: Said | None = None
    days = []
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        if not calendar.is_working(day) or (off and off.get(day)):
            continue
        if says(day, what, said, calendar=calendar, hearing=hearing) is not None:
            days.append(day)
            said = Said(day, what.due, what.revision)
    return days


def test_a_due_date_is_spoken_of_at_every_rung() -> None:
    assert spoken_days(matter(), date(2024, 11, 1), DUE) == [
        date(2024, 11, 29),  # 30 days before is Sunday 1 December
        date(2024, 12, 17),
        date(2024, 12, 24),
        date(2024, 12, 27),  # three days before is Saturday
        date(2024, 12, 30),
        DUE,
    ]


def test_after_the_due_date_it_is_spoken_of_on_the_next_working_day_and_then_weekly() -> None:
    assert spoken_days(matter(), date(2025, 1, 1), date(2025, 1, 20)) == [
        date(2025, 1, 1),
        date(2025, 1, 6),
        date(2025, 1, 13),
        date(2025, 1, 20),
    ]


def test_a_rung_on_a_holiday_is_spoken_of_before_it_and_not_after() -> None:
    due = date(2024, 10, 7)  # the last day of the holiday
    assert spoken_days(matter(due), date(2024, 9, 2), date(2024, 10, 14), calendar=NATIONAL_DAY) == [
        date(2024, 9, 6),
        date(2024, 9, 23),
        date(2024, 9, 30),  # seven, three, one and no days before all fall behind it
        date(2024, 10, 8),  # the first day after it, and the first working day of its week
        date(2024, 10, 14),
    ]


def test_a_make_up_day_is_a_day_like_any_other() -> None:
    assert NATIONAL_DAY.is_working(date(2024, 10, 12))
    assert says(date(2024, 10, 12), matter(date(2024, 10, 12)), calendar=NATIONAL_DAY) is Heading.DUE_SOON
    due = date(2024, 10, 11)
    assert spoken_days(matter(due), date(2024, 10, 11), date(2024, 10, 14), calendar=NATIONAL_DAY) == [
        due,
        date(2024, 10, 12),
        date(2024, 10, 14),
    ]


def test_in_a_week_without_a_working_day_nothing_is_repeated() -> None:
    closed = WorkCalendar({date(2024, 12, 2) + timedelta(days=day): False for day in range(7)})
    assert spoken_days(matter(date(2024, 11, 1)), date(2024, 11, 25), date(2024, 12, 9), calendar=closed) == [
        date(2024, 11, 25),
        date(2024, 12, 9),
    ]


def test_a_rung_that_was_missed_is_made_up_once() -> None:
    off = {date(2024, 12, 17): True, date(2024, 12, 18): True}
    days = spoken_days(matter(), date(2024, 12, 16), date(2024, 12, 23), off=off)
    assert days == [date(2024, 12, 16), date(2024, 12, 19)]


def test_who_hears_for_the_first_time_hears_the_last_rung_at_once() -> None:
    assert says(date(2024, 12, 12), matter()) is Heading.DUE_SOON
    assert says(date(2024, 12, 12), matter(), Said(date(2024, 11, 29), DUE, 1)) is None


def test_far_away_nothing_is_said() -> None:
    assert says(date(2024, 11, 25), matter()) is None
    assert says(date(2024, 11, 25), matter(None)) is None


def test_a_moved_due_date_is_said_again() -> None:
    moved = date(2025, 1, 10)
    assert says(date(2024, 12, 18), matter(moved, revision=2), Said(date(2024, 12, 17), DUE, 1)) is Heading.DUE_SOON
    assert says(date(2024, 12, 19), matter(moved, revision=2), Said(date(2024, 12, 18), moved, 2)) is None


def test_what_was_returned_is_said_once_whatever_its_date() -> None:
    returned = matter(date(2030, 12, 31), State.RETURNED, revision=3, returned_at=3)
    assert says(date(2024, 11, 25), returned, Said(date(2024, 11, 20), date(2030, 12, 31), 1)) is Heading.RETURNED
    assert says(date(2024, 11, 26), returned, Said(date(2024, 11, 25), date(2030, 12, 31), 3)) is None


def test_what_was_returned_again_is_said_again() -> None:
    returned = matter(date(2030, 12, 31), State.RETURNED, revision=5, returned_at=5)
    assert says(date(2024, 11, 26), returned, Said(date(2024, 11, 25), date(2030, 12, 31), 3)) is Heading.RETURNED


def test_overdue_goes_before_returned_and_returned_before_due_soon() -> None:
    news = {"revision": 3, "returned_at": 3, "opened_at": 1}
    day = date(2024, 12, 31)
    assert says(day, matter(date(2024, 12, 30), State.RETURNED, **news)) is Heading.OVERDUE
    assert says(day, matter(date(2024, 12, 31), State.RETURNED, **news)) is Heading.RETURNED
    assert says(day, matter(date(2024, 12, 31), opened_at=1)) is Heading.DUE_SOON
    assert says(day, matter(date(2030, 12, 31), opened_at=1)) is Heading.NEW


def test_something_new_is_said_once() -> None:
    new = matter(None, revision=2, opened_at=1)
    assert says(date(2024, 11, 25), new) is Heading.NEW
    assert says(date(2024, 11, 26), new, Said(date(2024, 11, 25), None, 1)) is None


def test_the_head_hears_only_from_the_eleventh_working_day_on() -> None:
    days = spoken_days(matter(), date(2024, 12, 1), date(2025, 1, 27), hearing=Hearing.COPY)
    assert PLAIN.between(DUE, date(2025, 1, 15)) == 11
    assert days == [date(2025, 1, 15), date(2025, 1, 20), date(2025, 1, 27)]


def test_the_head_hears_nothing_of_returns_and_new_items() -> None:
    what = matter(date(2030, 12, 31), State.RETURNED, revision=3, returned_at=3, opened_at=1)
    assert says(date(2024, 11, 25), what, hearing=Hearing.COPY) is None
    assert says(date(2024, 11, 25), matter(None, opened_at=1), hearing=Hearing.COPY) is None


days_of_2024 = st.dates(date(2024, 1, 1), date(2024, 12, 31))
calendars = st.dictionaries(days_of_2024, st.booleans(), max_size=60).map(WorkCalendar)


@settings(deadline=None)
@given(calendar=calendars, due=days_of_2024, rung=st.sampled_from(DEFAULT_RULES.rungs))
def test_nobody_hears_later_than_the_rung(calendar: WorkCalendar, due: date, rung: int) -> None:
    day = due - timedelta(days=rung)
    reached = Ladder(calendar, day).reached(due)
    assert reached is not None
    spoken = spoken_days(matter(due), day - timedelta(days=40), day, calendar=calendar)
    assert calendar.on_or_before(day) in spoken or any(reached <= one <= day for one in spoken)


@settings(max_examples=30, deadline=None)  # each plays a whole year
@given(calendar=calendars, due=days_of_2024, off=st.sets(days_of_2024, max_size=40))
def test_whatever_runs_are_missed_the_next_one_knows_everything(
    calendar: WorkCalendar, due: date, off: set[date]
) -> None:
    first, last = date(2024, 1, 1), date(2024, 12, 31)
    spoken = spoken_days(matter(due), first, last, calendar=calendar, off=dict.fromkeys(off, True))
    for offset in range(366):
        day = first + timedelta(days=offset)
        if not calendar.is_working(day) or day in off:
            continue
        reached = Ladder(calendar, day).reached(due)
        if reached is not None and reached >= first:
            assert any(reached <= one <= day for one in spoken), (day, reached)


@settings(max_examples=30, deadline=None)
@given(calendar=calendars, due=days_of_2024)
def test_it_is_never_said_twice_in_one_week_once_it_is_overdue(calendar: WorkCalendar, due: date) -> None:
    start = calendar.on_or_after(due + timedelta(days=1))
    spoken = spoken_days(matter(due), start + timedelta(days=1), date(2024, 12, 31), calendar=calendar)
    weeks = [day.isocalendar()[:2] for day in spoken]
    assert len(weeks) <= len(set(weeks)) + 1  # the run after the first day, and the weekly one of the same week


@pytest.mark.parametrize("years", [0, 5, 30])
def test_a_very_old_due_date_costs_no_search(years: int) -> None:
    due = date(2024 - years, 1, 2)
    assert Ladder(PLAIN, date(2024, 11, 25)).reached(due) == date(2024, 11, 25)
