"""Rules of any kind over calendars of any kind: nothing is lost, nothing is said twice, nothing comes too late."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.reasons_of_dates import reminder_days
from app.domain.reminder_rules import DEFAULT_RULES, MADE_UP_DAYS, Counting, Pace, ReminderRules
from app.domain.reminders import (
    Heading,
    Hearing,
    Ladder,
    Ladders,
    Matter,
    Said,
    farthest,
    first_after,
    heading,
    hears_from,
    late_days,
    rungs,
    weekly_start,
)
from app.domain.workdays import WorkCalendar
from tests.domain.test_reminders import NATIONAL_DAY, PLAIN, calendars, days_of_2024, matter

DAY = timedelta(days=1)
BEHIND = timedelta(days=50)  # how long it is played after the due date
days_after = st.none() | st.integers(1, 30)
rules_of_any_kind = st.builds(
    ReminderRules,
    before=st.sets(st.integers(1, 60), max_size=4).map(tuple),
    on_day=st.booleans(),
    after=st.sets(st.integers(1, 28), max_size=3).map(tuple),
    weekly=st.booleans(),
    counting=st.sampled_from(Counting),
    head_after=days_after,
    secretariat_after=days_after,
    leader_after=days_after,
    at_once=st.integers(0, 20),
)


def span(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=offset) for offset in range((last - first).days + 1))


def play(
    what: Matter,
    calendar: WorkCalendar,
    rules: ReminderRules,
    days: Iterator[date],
    *,
    hearing: Hearing = Hearing.DEPARTMENT,
    pace: Pace = Pace.DAILY,
    off: Collection[date] = (),
    said: Said | None = None,
) -> list[date]:
    """The days of the runs that speak of it; a run on every working day that is not `off`."""
    spoken = []
    for day in days:
        if not calendar.is_working(day) or day in off:
            continue
        if heading(what, hearing, Ladder(calendar, day, rules), said, pace) is not None:
            spoken.append(day)
            said = Said(day, what.due, what.revision)
    return spoken


def by_the_rules(calendar: WorkCalendar, due: date, rules: ReminderRules, last: date) -> list[date]:
    """Every day on which something is to be said, counted day by day."""
    before = list(span(due - timedelta(days=400), due - DAY))[::-1]
    worked_before = [day for day in before if calendar.is_working(day)]
    worked_after = [day for day in span(due + DAY, due + timedelta(days=200)) if calendar.is_working(day)]
    found = set()
    for days in rules.before:
        if rules.counting is Counting.WORKING:
            found.add(worked_before[days - 1])
        else:
            found.add(next(day for day in [due - timedelta(days=days), *before[days:]] if calendar.is_working(day)))
    if rules.on_day:
        found.add(next(day for day in [due, *before] if calendar.is_working(day)))
    late = []
    for days in rules.after:
        if rules.counting is Counting.WORKING:
            late.append(worked_after[days - 1])
        else:
            late.append(next(day for day in worked_after if day >= due + timedelta(days=days)))
    if rules.weekly:
        begins = max(late) if late else due
        weeks = {(day - timedelta(days=day.weekday())) for day in worked_after}
        for monday in weeks:
            first = next(day for day in worked_after if day >= monday) if monday > begins else None
            if first is not None:
                found.add(first)
    return sorted(day for day in found | set(late) if day <= last)


@settings(max_examples=40, deadline=None)
@given(calendar=calendars, due=days_of_2024, rules=rules_of_any_kind)
def test_every_day_of_the_rules_is_said_once_and_on_that_day(
    calendar: WorkCalendar, due: date, rules: ReminderRules
) -> None:
    first, last = due - timedelta(days=150), due + BEHIND
    assert play(matter(due), calendar, rules, span(first, last)) == by_the_rules(calendar, due, rules, last)


@settings(max_examples=30, deadline=None)
@given(calendar=calendars, due=days_of_2024, rules=rules_of_any_kind, off=st.sets(days_of_2024, max_size=60))
def test_what_missed_runs_would_have_said_the_next_one_says_and_nothing_twice(
    calendar: WorkCalendar, due: date, rules: ReminderRules, off: set[date]
) -> None:
    first, last = due - timedelta(days=150), due + BEHIND
    spoken = play(matter(due), calendar, rules, span(first, last), off=off)
    expected = by_the_rules(calendar, due, rules, last)
    before = date.min
    for day in spoken:  # never without a new reason
        assert any(before < one <= day for one in expected)
        before = day
    for one in expected:
        next_run = next((day for day in span(one, last) if calendar.is_working(day) and day not in off), None)
        if next_run is not None and (next_run - one).days <= MADE_UP_DAYS:
            assert any(one <= day <= next_run for day in spoken)


@settings(max_examples=30, deadline=None)
@given(
    calendar=calendars,
    due=days_of_2024,
    rules=rules_of_any_kind,
    hearing=st.sampled_from([Hearing.COPY, Hearing.SECRETARIAT, Hearing.LEADER]),
)
def test_above_the_liaison_it_is_heard_from_the_day_that_the_rules_say(
    calendar: WorkCalendar, due: date, rules: ReminderRules, hearing: Hearing
) -> None:
    after = {
        Hearing.COPY: rules.head_after,
        Hearing.SECRETARIAT: rules.secretariat_after,
        Hearing.LEADER: rules.leader_after,
    }[hearing]
    last = due + timedelta(days=90)
    spoken = play(matter(due), calendar, rules, span(due - timedelta(days=10), last), hearing=hearing)
    if after is None:
        assert spoken == []
        return
    worked = [day for day in span(due + DAY, last) if calendar.is_working(day)]
    start = worked[after] if after < len(worked) else None
    assert spoken[:1] == ([start] if start else [])
    assert all(calendar.between(due, day) > after for day in spoken)
    weeks = [day.isocalendar()[:2] for day in spoken]
    assert len(spoken) <= 1 if hearing is Hearing.SECRETARIAT else len(weeks) == len(set(weeks))


@settings(max_examples=40, deadline=None)
@given(
    calendar=calendars,
    due=days_of_2024,
    rules=rules_of_any_kind,
    off=st.sets(days_of_2024, max_size=40),
    opened=st.integers(5, 90),
)
def test_who_hears_weekly_hears_no_later_than_the_policy_allows(
    calendar: WorkCalendar, due: date, rules: ReminderRules, off: set[date], opened: int
) -> None:
    came = due - timedelta(days=opened)
    what = replace(matter(due), opened_at=1, opened_on=came)
    worked = [day for day in span(due - timedelta(days=150), due - DAY) if calendar.is_working(day)]
    near_from = calendar.on_or_before(due - timedelta(days=rules.at_once))
    if rules.counting is Counting.WORKING and rules.at_once:
        near_from = worked[-rules.at_once]
    said: Said | None = None
    for day in span(came, due + BEHIND):
        if not calendar.is_working(day) or day in off:
            continue
        ladder = Ladder(calendar, day, rules)
        told = heading(what, Hearing.DEPARTMENT, ladder, said, Pace.WEEKLY)
        daily = heading(what, Hearing.DEPARTMENT, ladder, said, Pace.DAILY)
        near = day >= near_from
        if near:
            assert told is daily  # at once, whatever was chosen
        elif calendar.first_of_week(day) == day and came < day:
            assert told is daily
        elif told is not None:
            assert daily is not None
        if told is not None:
            said = Said(day, due, 1)


def test_who_hears_weekly_is_told_on_monday_what_came_or_was_reached_in_the_week_before() -> None:
    monday, due = date(2024, 12, 2), date(2024, 12, 18)  # 14 days before is Wednesday 4 December
    said = Said(monday, due, 1)

    def told(day: date, *, what: Matter) -> Heading | None:
        return heading(what, Hearing.DEPARTMENT, Ladder(PLAIN, day), said, Pace.WEEKLY)

    assert [told(day, what=matter(due)) for day in span(date(2024, 12, 4), date(2024, 12, 6))] == [None] * 3
    assert told(date(2024, 12, 9), what=matter(due)) is Heading.DUE_SOON
    assert told(date(2024, 12, 10), what=matter(due)) is Heading.DUE_SOON  # nobody ran on Monday
    far = replace(matter(date(2030, 12, 31), revision=2), opened_at=2, opened_on=date(2024, 12, 4))
    assert told(date(2024, 12, 5), what=far) is None
    assert told(date(2024, 12, 9), what=far) is Heading.NEW


def test_before_a_long_holiday_who_hears_weekly_hears_what_is_due_right_behind_it() -> None:
    due = date(2024, 10, 8)  # the first day behind it; three days before lies inside
    holiday = replace(NATIONAL_DAY, exceptions={**NATIONAL_DAY.exceptions, date(2024, 9, 30): False})
    spoken = play(matter(due), holiday, DEFAULT_RULES, span(date(2024, 9, 24), due), pace=Pace.WEEKLY)
    assert spoken == [date(2024, 9, 24), date(2024, 9, 29), due]


@settings(max_examples=40, deadline=None)
@given(calendar=calendars, day=days_of_2024, rules=rules_of_any_kind)
def test_the_farthest_due_date_of_a_run_is_found_exactly(
    calendar: WorkCalendar, day: date, rules: ReminderRules
) -> None:
    day = calendar.on_or_after(day)
    last = farthest(calendar, day, rules)
    assert all(min((one.day for one in rungs(calendar, due, rules)), default=day + DAY) > day
               for due in span(last + DAY, last + timedelta(days=20)))  # fmt: skip
    if rules.rungs:
        assert min(one.day for one in rungs(calendar, last, rules)) <= day


def test_the_farthest_of_all_plans_counts() -> None:
    early = replace(DEFAULT_RULES, before=(90,))
    monday = date(2024, 12, 2)
    assert Ladders(PLAIN, monday, DEFAULT_RULES, {7: early}).farthest == monday + timedelta(days=90)


@pytest.mark.parametrize("counting", Counting)
@given(calendar=calendars, due=days_of_2024, changed=days_of_2024, second=rules_of_any_kind)
@settings(max_examples=25, deadline=None)
def test_other_rules_speak_only_of_what_they_have_newly_reached(
    counting: Counting, calendar: WorkCalendar, due: date, changed: date, second: ReminderRules
) -> None:
    first = replace(DEFAULT_RULES, counting=counting)
    start, last = due - timedelta(days=150), due + BEHIND
    before = play(matter(due), calendar, first, span(start, changed))
    said = Said(before[-1], due, 1) if before else None
    after = play(matter(due), calendar, second, span(changed + DAY, last), said=said)
    expected = by_the_rules(calendar, due, second, last)
    known = before[-1] if before else date.min
    for day in after:
        assert any(known < one <= day for one in expected)
        known = day


def test_from_thirty_to_forty_five_days_each_newly_reached_item_is_said_once() -> None:
    changed = date(2024, 11, 25)
    wider = replace(DEFAULT_RULES, before=(45, *DEFAULT_RULES.before))
    told = {}
    for days in range(1, 61):
        due = changed + timedelta(days=days)
        before = play(matter(due), PLAIN, DEFAULT_RULES, span(date(2024, 9, 1), changed))
        said = Said(before[-1], due, 1) if before else None
        after = play(matter(due), PLAIN, wider, span(changed + DAY, changed + timedelta(days=4)), said=said)
        old = play(matter(due), PLAIN, DEFAULT_RULES, span(changed + DAY, changed + timedelta(days=4)), said=said)
        told[days] = (len(after), len(old))
    # 37 days and more are more than 30 all week long; 45 days before what is due in 51 is that week's weekend.
    assert {days for days, (new, old) in told.items() if (new, old) == (1, 0)} >= set(range(37, 52))
    assert all(new == old for days, (new, old) in told.items() if days <= 30 or days > 51)
    assert max(new - old for new, old in told.values()) == 1


@pytest.mark.parametrize(
    ("due", "counting", "days"),
    [
        # The leap day is counted: seven days before 29 February 2024 is a Thursday, one day after it a Friday.
        ("2024-02-29", "calendar", "2024-01-30 2024-02-15 2024-02-22 2024-02-26 2024-02-28 2024-02-29 2024-03-01"),
        ("2024-03-07", "calendar", "2024-02-06 2024-02-22 2024-02-29 2024-03-04 2024-03-06 2024-03-07 2024-03-08"),
        ("2024-03-01", "working", "2024-01-19 2024-02-12 2024-02-21 2024-02-27 2024-02-29 2024-03-01 2024-03-04"),
        # A year of which no notice is known: weekends alone. 29 February 2028 is a Tuesday.
        ("2028-02-29", "calendar", "2028-01-28 2028-02-15 2028-02-22 2028-02-25 2028-02-28 2028-02-29 2028-03-01"),
        ("2028-02-29", "working", "2028-01-18 2028-02-09 2028-02-18 2028-02-24 2028-02-28 2028-02-29 2028-03-01"),
        # Over the end of the year.
        ("2025-01-03", "calendar", "2024-12-04 2024-12-20 2024-12-27 2024-12-31 2025-01-02 2025-01-03 2025-01-06"),
        ("2025-01-03", "working", "2024-11-22 2024-12-16 2024-12-25 2024-12-31 2025-01-02 2025-01-03 2025-01-06"),
    ],
)
def test_leap_days_and_year_ends_are_days_like_others(due: str, counting: str, days: str) -> None:
    rules = replace(DEFAULT_RULES, counting=Counting(counting), weekly=False)
    day = date.fromisoformat(due)
    spoken = play(matter(day), PLAIN, rules, span(day - timedelta(days=80), day + timedelta(days=9)))
    assert " ".join(one.isoformat() for one in spoken) == days
    panel = reminder_days(PLAIN, day, day, rules)
    assert [one.day for one in (*panel.rungs, *panel.after)] == spoken
    assert panel.provisional_years == sorted({one.year for one in [*spoken, *(step.day for step in panel.above)]})


def test_without_days_after_it_the_weekly_repetition_begins_in_the_next_week() -> None:
    rules = replace(DEFAULT_RULES, after=())
    due = date(2024, 12, 27)  # a Friday
    assert weekly_start(PLAIN, due, rules) == date(2024, 12, 30)
    assert play(matter(due), PLAIN, rules, span(due + DAY, date(2025, 1, 8))) == [
        date(2024, 12, 30),
        date(2025, 1, 6),
    ]
    assert [one.day for one in reminder_days(PLAIN, due, due, rules).weekly] == [date(2024, 12, 30), date(2025, 1, 6)]


def test_rules_that_say_nothing_say_nothing() -> None:
    silent = ReminderRules(before=(), on_day=False, after=(), weekly=False, head_after=None, leader_after=None)
    due = date(2024, 12, 27)
    assert play(matter(due), PLAIN, silent, span(date(2024, 1, 1), date(2025, 6, 1))) == []
    panel = reminder_days(PLAIN, due, due, silent)
    assert (panel.liaisons, [one.day for one in panel.above]) == ((), [hears_from(PLAIN, due, 20)])
    assert panel.next_from(due) is None


@given(calendar=calendars, due=days_of_2024, rules=rules_of_any_kind, behind=st.integers(-60, 60))
@settings(max_examples=30, deadline=None)
def test_the_page_names_the_days_of_the_plan_s_own_rules(
    calendar: WorkCalendar, due: date, rules: ReminderRules, behind: int
) -> None:
    today = due + timedelta(days=behind)
    panel = reminder_days(calendar, due, today, rules)
    named = {one.day for one in panel.liaisons}
    last = max((one.day for one in panel.weekly), default=due + timedelta(days=60))
    expected = by_the_rules(calendar, due, rules, last)
    late = set(late_days(calendar, due, rules))
    assert {day for day in expected if day <= due or day in late or day >= today} <= named
    assert named <= set(expected) | late
    assert {one.before for one in panel.rungs} == set(rules.rungs)
    assert [one.after for one in panel.after] == sorted(rules.after)


@settings(deadline=None)
@given(calendar=calendars, due=days_of_2024)
def test_a_working_day_later_is_never_earlier(calendar: WorkCalendar, due: date) -> None:
    assert hears_from(calendar, due, 0) == first_after(calendar, due)
    assert calendar.between(due, hears_from(calendar, due, 7)) == 8  # more than seven
