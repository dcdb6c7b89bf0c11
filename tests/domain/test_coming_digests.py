"""What is foreseen for a day is what is said on it, when the runs until then are really made."""

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.coming_digests import Ahead, Run, RunsKnown, lists_before, on_list, runs_before
from app.domain.digest import Hearer, PersonDigest, entry_of, fold_said, gather
from app.domain.reminder_rules import Counting, Pace, ReminderRules
from app.domain.reminders import Heading, Hearing, Ladders, Matter, Said
from app.domain.workdays import WorkCalendar
from app.domain.workflow import Role, State

TODAY = date(2024, 11, 25)  # a Monday
PLAIN = WorkCalendar()
CLOSED = WorkCalendar({date(2024, 11, 28): False, date(2024, 11, 30): True, date(2024, 12, 2): False})


def daily(day: date) -> Run:
    return Run(day, daily=True)


def weekly(day: date) -> Run:
    return Run(day, daily=False)


def days(*offsets: int) -> list[date]:
    return [TODAY + timedelta(days=offset) for offset in offsets]


def test_the_list_goes_before_the_digest_of_its_day_and_both_before_those_of_later_days() -> None:
    assert runs_before(daily(days(2)[0]), PLAIN, TODAY, RunsKnown()) == [
        weekly(TODAY),
        daily(TODAY),
        daily(days(1)[0]),
    ]
    assert runs_before(daily(TODAY), PLAIN, TODAY, RunsKnown()) == [weekly(TODAY)]
    assert runs_before(weekly(TODAY), PLAIN, TODAY, RunsKnown()) == []


def test_what_was_made_or_is_held_says_nothing_more() -> None:
    known = RunsKnown(made=[weekly(TODAY)], held=[daily(TODAY)])
    assert runs_before(daily(days(1)[0]), PLAIN, TODAY, known) == []


def test_a_closure_that_is_entered_later_gives_a_week_no_second_list() -> None:
    closed = WorkCalendar({TODAY: False})
    tuesday, wednesday = days(1, 2)
    known = RunsKnown(made=[weekly(TODAY)])
    assert runs_before(daily(wednesday), closed, tuesday, known) == [daily(tuesday)]
    assert lists_before(weekly(days(7)[0]), closed, tuesday, {TODAY}) == []


def test_a_run_that_is_not_finished_is_still_to_be_made() -> None:
    known = RunsKnown(made=[weekly(TODAY), daily(TODAY)], reached={daily(TODAY): 17})
    assert runs_before(daily(days(1)[0]), PLAIN, TODAY, known) == [daily(TODAY)]


def test_a_list_that_was_missed_this_week_is_made_up_first() -> None:
    wednesday, thursday = days(2, 3)
    known = RunsKnown(made=[daily(TODAY)], first=TODAY - timedelta(days=7))
    assert runs_before(daily(thursday), PLAIN, wednesday, known) == [weekly(TODAY), daily(wednesday)]
    began_today = RunsKnown(made=[daily(TODAY)], first=TODAY)
    assert runs_before(daily(thursday), PLAIN, wednesday, began_today) == [daily(wednesday)]


def test_free_days_have_no_run_and_the_list_moves_with_its_week() -> None:
    # Thursday is free, Saturday worked, Monday free: the next list is Tuesday's.
    runs = runs_before(daily(date(2024, 12, 3)), CLOSED, TODAY + timedelta(days=1), RunsKnown())
    assert runs == [*map(daily, days(1, 2, 4, 5)), weekly(date(2024, 12, 3))]
    assert lists_before(weekly(date(2024, 12, 10)), CLOSED, TODAY, {TODAY}) == [date(2024, 12, 3), date(2024, 12, 9)]


HEARERS = [
    Hearer(account, departments, hearing, pace)
    for account, (departments, hearing, pace) in enumerate(
        [
            (frozenset({10}), Hearing.DEPARTMENT, Pace.DAILY),
            (frozenset({10, 11}), Hearing.DEPARTMENT, Pace.WEEKLY),
            (frozenset({11}), Hearing.COPY, Pace.DAILY),
            (None, Hearing.SECRETARIAT, Pace.DAILY),
            (frozenset({10, 11}), Hearing.LEADER, Pace.DAILY),
        ],
        start=1,
    )
]
RULES = [
    ReminderRules(),
    ReminderRules(before=(5, 2), on_day=False, after=(2, 4), counting=Counting.WORKING, head_after=3, leader_after=5),
    ReminderRules(before=(), after=(), secretariat_after=2, leader_after=None, at_once=0),
]
near = st.integers(-60, 60).map(lambda offset: TODAY + timedelta(days=offset))


@st.composite
def matters(draw: st.DrawFn) -> list[Matter]:
    found = []
    for number in range(1, draw(st.integers(1, 8)) + 1):
        returned, opened = draw(st.none() | st.integers(1, 6)), draw(st.none() | st.integers(1, 6))
        due = draw(st.none() | near)
        found.append(
            Matter(
                obligation_id=number,
                department_id=draw(st.sampled_from([10, 11])),
                plan_title="计划",
                task_number=str(number),
                task_title="任务",
                phase="阶段",
                role=Role.LEAD,
                state=State.RETURNED if returned else State.OPEN,
                due=due,
                first_due=due,
                revision=max(returned or 1, opened or 1, draw(st.integers(1, 6))),
                returned_at=returned,
                opened_at=opened,
                opened_on=draw(near.filter(lambda day: day <= TODAY)) if opened else None,
                plan_id=draw(st.sampled_from([1, 2, 3])),
            )
        )
    return found


@st.composite
def memories(draw: st.DrawFn) -> dict[tuple[int, int], Said]:
    """What was said before, of this due date or an earlier one."""
    keys = st.tuples(st.integers(1, len(HEARERS)), st.integers(1, 8))
    ago = st.integers(1, 44).map(lambda days: TODAY - timedelta(days=days))
    return draw(st.dictionaries(keys, st.builds(Said, ago, st.none() | near, st.integers(1, 6)), max_size=12))


def ladders(calendar: WorkCalendar, day: date) -> Ladders:
    return Ladders(calendar, day, RULES[0], {2: RULES[1], 3: RULES[2]})


def on_the_list(hearer: Hearer, found: Sequence[Matter], that_day: Ladders, calendar: WorkCalendar) -> PersonDigest:
    told = [matter for matter in found if on_list(hearer, matter, that_day.of(matter.plan_id), calendar)]
    return PersonDigest(hearer, [entry_of(matter, Heading.OVERDUE, that_day.day) for matter in told])


def really_made(
    hearer: Hearer, found: Sequence[Matter], said: dict[int, Said], runs: Sequence[Run], calendar: WorkCalendar
) -> dict[int, Said]:
    """One run after the other: everybody's digest is gathered, kept, and read again as the next run reads it."""
    for run in runs:
        own = [matter for matter in found if hearer.departments is None or matter.department_id in hearer.departments]
        that_day = ladders(calendar, run.day)
        digest = on_the_list(hearer, own, that_day, calendar) if run.weekly else gather(hearer, own, said, that_day)
        for key, what in fold_said([(run.day, digest.items)]).items():
            before = said.get(key)
            said = said | {key: replace(what, revision=max(what.revision, before.revision if before else 0))}
    return said


@settings(max_examples=int(os.environ.get("COMING_EXAMPLES", "60")), deadline=None)
@given(matters(), memories(), st.integers(0, 31), st.sampled_from([PLAIN, CLOSED]))
def test_what_is_foreseen_for_a_day_is_what_is_said_on_it(
    found: list[Matter], said: dict[tuple[int, int], Said], ahead: int, calendar: WorkCalendar
) -> None:
    run = daily(calendar.on_or_after(TODAY + timedelta(days=ahead)))
    runs = runs_before(run, calendar, TODAY, RunsKnown())
    ahead_of = Ahead([(one, ladders(calendar, one.day)) for one in runs], calendar)
    for hearer in HEARERS:
        own = [matter for matter in found if hearer.departments is None or matter.department_id in hearer.departments]
        mine = {key: what for (account, key), what in said.items() if account == hearer.account_id}
        really = really_made(hearer, found, mine, runs, calendar)
        foreseen = {
            matter.obligation_id: then
            for matter in own
            if (then := ahead_of.then(hearer, matter, mine.get(matter.obligation_id)))
        }
        that_day = ladders(calendar, run.day)
        assert gather(hearer, own, foreseen, that_day).entries == gather(hearer, own, really, that_day).entries
        assert foreseen == {key: what for key, what in really.items() if key in foreseen}


def test_who_was_reached_by_an_unfinished_run_is_not_told_by_it_again() -> None:
    due = Matter(
        obligation_id=1,
        department_id=10,
        plan_title="计划",
        task_number="1",
        task_title="任务",
        phase="阶段",
        role=Role.LEAD,
        state=State.OPEN,
        due=TODAY,
        first_due=TODAY,
        revision=1,
    )
    first, second = (Hearer(key, frozenset({10}), Hearing.DEPARTMENT) for key in (1, 2))
    run = daily(TODAY)
    ahead = Ahead([(run, ladders(PLAIN, TODAY))], PLAIN, reached={run: first.account_id})
    assert ahead.then(first, due, None) is None
    told = ahead.then(second, due, None)
    assert told is not None
    assert told.on == TODAY
