from datetime import date

import pytest

from app.domain.punctuality import Outcome, Period, Tally, outcome, period_of
from app.domain.workflow import State

TODAY = date(2024, 11, 25)
DUE = date(2024, 11, 24)


@pytest.mark.parametrize(
    ("state", "due", "late_days", "expected"),
    [
        (State.ACCEPTED, DUE, 0, Outcome.ON_TIME),
        (State.SUBMITTED, DUE, None, Outcome.ON_TIME),
        (State.SUBMITTED, DUE, 3, Outcome.LATE),
        (State.ACCEPTED, DUE, 1, Outcome.LATE),
        (State.OPEN, DUE, None, Outcome.MISSING),
        (State.RETURNED, DUE, None, Outcome.MISSING),
        (State.OPEN, TODAY, None, Outcome.AHEAD),
        (State.CANCELLED, DUE, None, None),
    ],
)
def test_the_standing_submission_decides(
    state: State, due: date, late_days: int | None, expected: Outcome | None
) -> None:
    assert outcome(state, due, TODAY, late_days=late_days) is expected


@pytest.mark.parametrize(
    ("day", "parts", "expected"),
    [
        (date(2024, 6, 30), 2, Period(2024, 1, 2)),
        (date(2024, 7, 1), 2, Period(2024, 2, 2)),
        (date(2024, 3, 31), 4, Period(2024, 1, 4)),
        (date(2024, 12, 31), 4, Period(2024, 4, 4)),
    ],
)
def test_every_day_lies_in_its_period(day: date, parts: int, expected: Period) -> None:
    assert period_of(day, parts) == expected
    assert expected.first <= day <= expected.last


def test_periods_join_without_a_gap() -> None:
    assert Period(2024, 1, 2).last == date(2024, 6, 30)
    assert Period(2024, 1, 4).last == date(2024, 3, 31)
    assert Period(2024, 2, 4).first == date(2024, 4, 1)


def test_what_is_not_due_yet_is_not_judged() -> None:
    tally = Tally()
    assert tally.percent is None
    tally.add(Outcome.AHEAD, 5)
    assert tally.percent is None
    tally.add(Outcome.ON_TIME, 2)
    tally.add(Outcome.LATE, 1)
    tally.add(Outcome.MISSING, 1)
    assert (tally.total, tally.percent) == (9, 50)
    assert [tally.of(what) for what in Outcome] == [2, 1, 1, 5]
