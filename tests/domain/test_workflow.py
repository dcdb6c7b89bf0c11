from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.workflow import (
    EventKind,
    Happening,
    NotAllowed,
    Role,
    Standing,
    State,
    apply,
    days_late,
    fold,
    may,
    opening,
    state_after,
)

DUE = date(2024, 12, 31)
DAY = date(2024, 11, 25)
OPENED = Happening(EventKind.OPENED, date(2022, 1, 4), due=DUE, department_id=1, role=Role.LEAD)

# What is allowed, written down a second time: event -> {state before: state after}.
OPEN, SUBMITTED, RETURNED, ACCEPTED, CANCELLED = State
STAYS = {OPEN: OPEN, SUBMITTED: SUBMITTED, RETURNED: RETURNED}
ALLOWED: dict[EventKind, dict[State, State]] = {
    EventKind.OPENED: {},
    EventKind.REPORTED: {OPEN: OPEN, RETURNED: RETURNED},
    EventKind.SUBMITTED: {OPEN: SUBMITTED, RETURNED: SUBMITTED},
    EventKind.RETURNED: {SUBMITTED: RETURNED},
    EventKind.ACCEPTED: {SUBMITTED: ACCEPTED},
    EventKind.REOPENED: {ACCEPTED: OPEN, CANCELLED: OPEN},
    EventKind.CANCELLED: dict.fromkeys((OPEN, SUBMITTED, RETURNED, ACCEPTED), CANCELLED),
    EventKind.EXTENDED: STAYS,
    EventKind.DUE_MOVED: STAYS,
    EventKind.TRANSFERRED: STAYS,
    EventKind.ROLE_CHANGED: STAYS,
}


@pytest.mark.parametrize("kind", list(EventKind))
@pytest.mark.parametrize("state", list(State))
def test_every_event_either_follows_a_state_or_is_refused(state: State, kind: EventKind) -> None:
    after = ALLOWED[kind].get(state)
    assert may(state, kind) == (after is not None)
    if after is None:
        with pytest.raises(NotAllowed):
            state_after(state, kind)
    else:
        assert state_after(state, kind) is after


def test_a_history_folds_into_what_the_row_says() -> None:
    standing = fold(
        [
            OPENED,
            Happening(EventKind.REPORTED, DAY, risk=True),
            Happening(EventKind.EXTENDED, DAY, due=date(2025, 3, 31)),
            Happening(EventKind.SUBMITTED, date(2025, 4, 2)),
            Happening(EventKind.RETURNED, date(2025, 4, 3)),
            Happening(EventKind.TRANSFERRED, date(2025, 4, 4), department_id=2),
            Happening(EventKind.SUBMITTED, date(2025, 4, 5)),
            Happening(EventKind.ACCEPTED, date(2025, 4, 9)),
        ]
    )
    assert standing == Standing(
        state=State.ACCEPTED,
        due=date(2025, 3, 31),
        first_due=DUE,
        department_id=2,
        role=Role.LEAD,
        risk=False,
        submitted_on=date(2025, 4, 5),
        late_days=5,
        extensions=1,
    )


def test_what_was_accepted_on_the_last_day_is_on_time_however_late_the_review() -> None:
    standing = fold([OPENED, Happening(EventKind.SUBMITTED, DUE), Happening(EventKind.ACCEPTED, date(2025, 2, 1))])
    assert standing.late_days == 0


def test_lateness_is_measured_against_the_date_in_force_at_the_submission() -> None:
    assert days_late(date(2025, 1, 1), DUE) == 1
    assert days_late(DUE, DUE) == 0
    assert days_late(date(2025, 1, 1), None) == 0
    late = Happening(EventKind.SUBMITTED, date(2025, 1, 10))
    moved = Happening(EventKind.EXTENDED, date(2025, 1, 2), due=date(2025, 1, 31))
    assert fold([OPENED, late]).late_days == 10
    assert fold([OPENED, moved, late]).late_days == 0
    assert fold([OPENED, late, moved]).late_days == 10


def test_reopening_forgets_the_submission_but_not_the_dates() -> None:
    done = [OPENED, Happening(EventKind.SUBMITTED, DAY), Happening(EventKind.ACCEPTED, DAY)]
    again = fold([*done, Happening(EventKind.REOPENED, DAY)])
    assert (again.state, again.submitted_on, again.late_days) == (State.OPEN, None, None)
    assert (again.due, again.first_due) == (DUE, DUE)


def test_a_history_begins_with_its_opening() -> None:
    with pytest.raises(NotAllowed):
        fold([Happening(EventKind.SUBMITTED, DAY)])
    with pytest.raises(NotAllowed):
        fold([OPENED, OPENED])
    with pytest.raises(NotAllowed):
        opening(Happening(EventKind.OPENED, DAY, due=DUE))


def test_a_risk_holds_until_the_next_report_or_submission() -> None:
    warned = fold([OPENED, Happening(EventKind.REPORTED, DAY, risk=True)])
    assert warned.risk
    assert not apply(warned, Happening(EventKind.REPORTED, DAY)).risk
    assert not apply(warned, Happening(EventKind.SUBMITTED, DAY)).risk
    assert apply(warned, Happening(EventKind.EXTENDED, DAY, due=DUE)).risk


DAYS = st.dates(date(2022, 1, 4), date(2030, 12, 31))
HAPPENINGS = st.builds(
    Happening,
    kind=st.sampled_from(list(EventKind)),
    on=DAYS,
    due=DAYS,
    department_id=st.integers(1, 3),
    role=st.sampled_from(list(Role)),
    risk=st.booleans(),
)


@given(st.lists(HAPPENINGS, max_size=40))
def test_no_sequence_of_events_leaves_an_impossible_standing(tried: list[Happening]) -> None:
    standing = opening(OPENED)
    happened = [OPENED]
    for happening in tried:
        try:
            standing = apply(standing, happening)
        except NotAllowed:
            assert standing.state not in ALLOWED[happening.kind]
            continue
        happened.append(happening)
        assert_possible(standing)
    assert fold(happened) == standing
    assert standing.first_due == DUE
    assert standing.extensions == sum(1 for one in happened if one.kind is EventKind.EXTENDED)


def assert_possible(standing: Standing) -> None:
    if standing.state in {State.SUBMITTED, State.ACCEPTED}:
        assert standing.submitted_on is not None
        assert standing.late_days is not None
        assert 0 <= standing.late_days <= (date(2030, 12, 31) - date(2022, 1, 4)) // timedelta(days=1)
        assert not standing.risk
    if standing.state in {State.OPEN, State.RETURNED}:
        assert standing.submitted_on is None
        assert standing.late_days is None
    assert standing.department_id in {1, 2, 3}
