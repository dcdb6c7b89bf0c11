import pytest

from app.domain.overdue_change import Exit, exit_of
from app.domain.workflow import EventKind, State


@pytest.mark.parametrize(
    ("state", "kinds", "expected"),
    [
        (State.ACCEPTED, {EventKind.SUBMITTED, EventKind.ACCEPTED}, Exit.DONE),
        (State.SUBMITTED, {EventKind.SUBMITTED}, Exit.IN_REVIEW),
        (State.CANCELLED, {EventKind.CANCELLED}, Exit.CANCELLED),
        (State.OPEN, {EventKind.EXTENDED}, Exit.EXTENDED),
        (State.RETURNED, {EventKind.EXTENDED, EventKind.RETURNED}, Exit.EXTENDED),
        (State.OPEN, {EventKind.DUE_MOVED}, Exit.DUE_MOVED),
        (State.ACCEPTED, {EventKind.EXTENDED, EventKind.ACCEPTED}, Exit.DONE),
        (State.SUBMITTED, {EventKind.EXTENDED, EventKind.SUBMITTED}, Exit.IN_REVIEW),
    ],
)
def test_what_left_the_list_is_told_by_what_became_of_it(state: State, kinds: set[EventKind], expected: Exit) -> None:
    assert exit_of(state, kinds) is expected
