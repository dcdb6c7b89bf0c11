from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domain.digest import Hearer, by_plan, excerpt, fold_said, gather, gather_all
from app.domain.reminders import Heading, Hearing, Ladders, Matter, Said
from app.domain.workdays import WorkCalendar
from app.domain.workflow import Role, State

TODAY = date(2024, 11, 25)  # a Monday
LADDER = Ladders(WorkCalendar(), TODAY)
LIAISON = Hearer(1, frozenset({10}), Hearing.DEPARTMENT)
HEAD = Hearer(2, frozenset({10}), Hearing.COPY)


def matter(number: int, due: date | None, *, department: int = 10, **rest: object) -> Matter:
    values: dict[str, object] = {"state": State.OPEN, "revision": 1} | rest
    return Matter(
        obligation_id=number,
        department_id=department,
        plan_title="计划",
        task_number=str(number),
        task_title="任务",
        phase="阶段",
        role=Role.LEAD,
        due=due,
        first_due=due,
        **values,  # type: ignore[arg-type]
    )


OVERDUE = matter(1, TODAY - timedelta(days=3))
LONG_OVERDUE = matter(2, TODAY - timedelta(days=300))
DUE_SOON = matter(3, TODAY + timedelta(days=3))
RETURNED = matter(4, TODAY + timedelta(days=300), state=State.RETURNED, revision=3, returned_at=3)
NEW = matter(5, None, opened_at=1)
QUIET = matter(6, TODAY + timedelta(days=300))
ALL = [NEW, QUIET, DUE_SOON, RETURNED, OVERDUE, LONG_OVERDUE]


def test_overdue_comes_first_then_returned_due_soon_and_new_and_the_oldest_leads() -> None:
    digest = gather(LIAISON, ALL, {}, LADDER)
    assert [entry.matter.obligation_id for entry in digest.entries] == [2, 1, 4, 3, 5]


def test_the_counts_follow_the_order_and_leave_out_what_is_empty() -> None:
    assert gather(LIAISON, ALL, {}, LADDER).counts == [
        (Heading.OVERDUE, 2),
        (Heading.RETURNED, 1),
        (Heading.DUE_SOON, 1),
        (Heading.NEW, 1),
    ]
    assert gather(LIAISON, [NEW], {}, LADDER).counts == [(Heading.NEW, 1)]


def test_nothing_to_say_is_an_empty_digest() -> None:
    assert gather(LIAISON, [QUIET], {}, LADDER).entries == []
    assert gather(LIAISON, [], {}, LADDER).counts == []


def test_the_head_gets_the_long_overdue_alone() -> None:
    assert [entry.matter for entry in gather(HEAD, ALL, {}, LADDER).entries] == [LONG_OVERDUE]


def test_everybody_hears_of_the_own_department_and_remembers_for_himself() -> None:
    elsewhere = matter(9, OVERDUE.due, department=11)
    other = Hearer(3, frozenset({11}), Hearing.DEPARTMENT)
    colleague = Hearer(4, frozenset({10}), Hearing.DEPARTMENT)
    said = {(1, 1): Said(TODAY, OVERDUE.due, 1)}
    first, second, third = gather_all([LIAISON, other, colleague], [OVERDUE, elsewhere], said, LADDER)
    assert first.entries == []
    assert [entry.matter for entry in second.entries] == [elsewhere]
    assert [entry.matter for entry in third.entries] == [OVERDUE]


def test_days_count_from_the_day_of_the_run() -> None:
    days = [entry.days for entry in gather(LIAISON, [OVERDUE, DUE_SOON, NEW], {}, LADDER).entries]
    assert days == [-3, 3, None]


def test_what_was_said_survives_being_kept() -> None:
    digest = gather(LIAISON, ALL, {}, LADDER)
    said = fold_said([(TODAY, digest.items)])
    assert said[4] == Said(TODAY, RETURNED.due, 3)
    assert said[5] == Said(TODAY, None, 1)
    assert gather(LIAISON, ALL, said, LADDER).entries == []


def test_the_last_run_counts_and_the_highest_revision() -> None:
    first = {"obligation": 4, "heading": "returned", "due": "2024-12-31", "revision": 3}
    later = {"obligation": 4, "heading": "due_soon", "due": "2025-01-31", "revision": 2}
    said = fold_said([(TODAY - timedelta(days=7), [first]), (TODAY, [later])])
    assert said == {4: Said(TODAY, date(2025, 1, 31), 3)}


dues = st.none() | st.dates(date(2024, 6, 1), date(2025, 6, 1))
matters = st.lists(
    st.builds(
        lambda number, due, returned, opened: matter(
            number, due, revision=5, returned_at=5 if returned else None, opened_at=4 if opened else None
        ),
        st.integers(1, 10**6),
        dues,
        st.booleans(),
        st.booleans(),
    ),
    unique_by=lambda one: one.obligation_id,
    max_size=30,
)


@given(matters)
def test_each_matter_is_said_once_and_a_second_run_of_the_day_says_nothing(found: list[Matter]) -> None:
    digest = gather(LIAISON, found, {}, LADDER)
    keys = [entry.matter.obligation_id for entry in digest.entries]
    assert len(keys) == len(set(keys))
    assert sum(count for _heading, count in digest.counts) == len(keys)
    assert gather(LIAISON, found, fold_said([(TODAY, digest.items)]), LADDER).entries == []


@given(matters)
def test_the_order_does_not_depend_on_the_order_of_the_rows(found: list[Matter]) -> None:
    assert gather(LIAISON, found, {}, LADDER) == gather(LIAISON, found[::-1], {}, LADDER)


def test_tasks_of_one_date_stand_in_the_order_of_their_numbers() -> None:
    day = TODAY - timedelta(days=3)
    found = [replace(matter(number, day), task_number=text) for number, text in ((1, "1.10"), (2, "1.9"), (3, "创新2"))]
    assert [entry.matter.task_number for entry in gather(LIAISON, found, {}, LADDER).entries] == [
        "1.9",
        "1.10",
        "创新2",
    ]


def test_what_was_not_said_under_its_heading_before_is_said_for_the_first_time() -> None:
    yesterday = TODAY - timedelta(days=7)
    said = {
        1: Said(yesterday, OVERDUE.due, 1, Heading.DUE_SOON),
        2: Said(yesterday, LONG_OVERDUE.due, 1, Heading.OVERDUE),
    }
    digest = gather(LIAISON, [OVERDUE, LONG_OVERDUE, NEW], said, LADDER)
    assert {entry.matter.obligation_id: entry.first for entry in digest.entries} == {1: True, 2: False, 5: True}
    assert digest.first == 2


def test_plans_and_departments_are_grouped_and_the_most_urgent_leads() -> None:
    other = replace(matter(7, TODAY - timedelta(days=400)), plan_id=2, plan_title="另一计划", department="乙局")
    here = [replace(one, department="甲局") for one in (OVERDUE, LONG_OVERDUE)]
    digest = gather(LIAISON, [*here, other], {}, LADDER)
    assert [(title, len(held)) for title, held in by_plan(digest.entries)] == [("另一计划", 1), ("计划", 2)]
    assert [(part.department, len(part.entries), part.leads, part.longest) for part in digest.departments] == [
        ("甲局", 2, 2, 300),
        ("乙局", 1, 1, 400),
    ]


def test_a_mail_that_is_full_still_shows_the_first_of_every_heading() -> None:
    late = [matter(number, TODAY - timedelta(days=2)) for number in range(100, 150)]
    digest = gather(LIAISON, [*late, DUE_SOON, RETURNED, NEW], {}, LADDER)
    shown = excerpt(digest, most=20, least=5)
    assert {which: len(held) for which, held in shown.items()} == {
        Heading.OVERDUE: 20,
        Heading.RETURNED: 1,
        Heading.DUE_SOON: 1,
        Heading.NEW: 1,
    }
