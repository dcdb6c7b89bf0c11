from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.lights import Light, shown
from app.domain.workflow import State

TODAY = date(2024, 11, 25)
WAITING = (State.OPEN, State.RETURNED)


def light(state: State, days: int | None, today: date = TODAY, **said: bool) -> Light:
    due = None if days is None else today + timedelta(days=days)
    return shown(state, due, today, **said).light


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-1, Light.OVERDUE),
        (0, Light.DUE_SOON),
        (1, Light.DUE_SOON),
        (30, Light.DUE_SOON),
        (31, Light.ON_TRACK),
        (365, Light.ON_TRACK),
        (366, Light.NOT_STARTED),
    ],
)
def test_an_open_obligation_changes_its_light_on_the_very_day(days: int, expected: Light) -> None:
    assert light(State.OPEN, days) is expected


@pytest.mark.parametrize("days", [-400, -1, 0, 1, 30, 31, 366, None])
def test_what_the_department_has_handed_in_is_never_overdue(days: int | None) -> None:
    assert light(State.SUBMITTED, days) is Light.IN_REVIEW
    assert light(State.ACCEPTED, days) is Light.DONE
    assert light(State.CANCELLED, days) is Light.CANCELLED


def test_without_a_date_nothing_is_late_or_near() -> None:
    assert light(State.OPEN, None) is Light.NOT_STARTED
    assert light(State.OPEN, None, reported=True) is Light.ON_TRACK
    assert light(State.RETURNED, None) is Light.ON_TRACK
    assert light(State.OPEN, None, risk=True) is Light.DUE_SOON
    assert shown(State.OPEN, None, TODAY).days is None


def test_a_declared_risk_turns_it_yellow_however_far_the_date() -> None:
    assert light(State.OPEN, 31, risk=True) is Light.DUE_SOON
    assert light(State.OPEN, 900, risk=True) is Light.DUE_SOON
    assert light(State.OPEN, -1, risk=True) is Light.OVERDUE
    assert light(State.SUBMITTED, 10, risk=True) is Light.IN_REVIEW


def test_what_has_been_reported_or_returned_counts_as_started() -> None:
    assert light(State.OPEN, 366, reported=True) is Light.ON_TRACK
    assert light(State.RETURNED, 366) is Light.ON_TRACK


def test_a_returned_obligation_says_so_beside_its_light() -> None:
    assert shown(State.RETURNED, TODAY - timedelta(days=1), TODAY).returned
    assert shown(State.RETURNED, TODAY + timedelta(days=90), TODAY).returned
    assert not shown(State.OPEN, TODAY, TODAY).returned


def test_a_late_submission_is_remembered_in_review_and_after_it() -> None:
    assert shown(State.SUBMITTED, TODAY, TODAY, late_days=4).late_days == 4
    assert shown(State.ACCEPTED, TODAY, TODAY, late_days=4).late_days == 4
    assert shown(State.ACCEPTED, TODAY, TODAY, late_days=0).late_days == 0
    assert shown(State.ACCEPTED, TODAY, TODAY).late_days == 0


def test_days_are_counted_through_a_leap_day() -> None:
    assert shown(State.OPEN, date(2024, 3, 1), date(2024, 2, 28)).days == 2
    assert shown(State.OPEN, date(2023, 3, 1), date(2023, 2, 28)).days == 1
    assert shown(State.OPEN, date(2024, 2, 29), date(2024, 3, 1)).light is Light.OVERDUE
    assert shown(State.OPEN, date(2024, 2, 29), date(2024, 2, 29)).light is Light.DUE_SOON


def test_the_new_year_makes_last_years_date_overdue() -> None:
    due = date(2024, 12, 31)
    assert shown(State.OPEN, due, date(2024, 12, 31)).light is Light.DUE_SOON
    assert shown(State.OPEN, due, date(2025, 1, 1)).light is Light.OVERDUE
    assert shown(State.OPEN, due, date(2025, 1, 1)).days == -1
    assert shown(State.OPEN, due, date(2024, 12, 1)).light is Light.DUE_SOON
    assert shown(State.OPEN, due, date(2024, 11, 30)).light is Light.ON_TRACK


@given(
    state=st.sampled_from(list(State)),
    due=st.none() | st.dates(date(2015, 1, 1), date(2035, 12, 31)),
    today=st.dates(date(2015, 1, 1), date(2035, 12, 31)),
    risk=st.booleans(),
    reported=st.booleans(),
)
def test_overdue_means_waiting_for_the_department_after_the_date(
    state: State, due: date | None, today: date, *, risk: bool, reported: bool
) -> None:
    seen = shown(state, due, today, risk=risk, reported=reported)
    assert (seen.light is Light.OVERDUE) == (state in WAITING and due is not None and due < today)
    assert seen.days == (None if due is None else (due - today).days)
    assert not seen.returned or state is State.RETURNED
