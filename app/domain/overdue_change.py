"""What became of an obligation that stands on one overdue list and no longer on the next."""

from collections.abc import Collection
from enum import StrEnum

from app.domain.workflow import EventKind, State


class Exit(StrEnum):
    DONE = "done"
    IN_REVIEW = "in_review"
    EXTENDED = "extended"
    DUE_MOVED = "due_moved"
    CANCELLED = "cancelled"


def exit_of(state: State, kinds: Collection[EventKind]) -> Exit:
    """`state` at the moment of the later list, `kinds` of the events between the two.

    What is still open can have left the list by its date alone: by an extension, or by a new edition of the plan.
    """
    match state:
        case State.ACCEPTED:
            return Exit.DONE
        case State.SUBMITTED:
            return Exit.IN_REVIEW
        case State.CANCELLED:
            return Exit.CANCELLED
        case State.OPEN | State.RETURNED:
            return Exit.EXTENDED if EventKind.EXTENDED in kinds else Exit.DUE_MOVED
