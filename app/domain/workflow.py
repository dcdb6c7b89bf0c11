"""States of an obligation, what may follow what, and how its events fold into its row."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum


class State(StrEnum):
    OPEN = "open"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    CANCELLED = "cancelled"


class EventKind(StrEnum):
    OPENED = "opened"
    REPORTED = "reported"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    REOPENED = "reopened"
    CANCELLED = "cancelled"
    EXTENDED = "extended"
    DUE_MOVED = "due_moved"
    TRANSFERRED = "transferred"
    ROLE_CHANGED = "role_changed"


class Role(StrEnum):
    LEAD = "lead"
    SUPPORT = "support"
    SHARED = "shared"


# When a department is named twice, or two that are one now owed the same, the heavier duty counts.
WEIGHT = {Role.LEAD: 3, Role.SHARED: 2, Role.SUPPORT: 1}

LIVE = frozenset({State.OPEN, State.RETURNED, State.SUBMITTED})
WAITING_FOR_DEPARTMENT = frozenset({State.OPEN, State.RETURNED})

# event -> (states it may follow, state after it; None leaves the state as it is)
_RULES: dict[EventKind, tuple[frozenset[State], State | None]] = {
    EventKind.REPORTED: (WAITING_FOR_DEPARTMENT, None),
    EventKind.SUBMITTED: (WAITING_FOR_DEPARTMENT, State.SUBMITTED),
    EventKind.RETURNED: (frozenset({State.SUBMITTED}), State.RETURNED),
    EventKind.ACCEPTED: (frozenset({State.SUBMITTED}), State.ACCEPTED),
    # A cancelled duty opens again when a later edition of the plan names it again.
    EventKind.REOPENED: (frozenset({State.ACCEPTED, State.CANCELLED}), State.OPEN),
    EventKind.CANCELLED: (frozenset(State) - {State.CANCELLED}, State.CANCELLED),
    EventKind.EXTENDED: (LIVE, None),
    EventKind.DUE_MOVED: (LIVE, None),
    EventKind.TRANSFERRED: (LIVE, None),
    EventKind.ROLE_CHANGED: (LIVE, None),
}


class NotAllowed(Exception):
    """The event may not follow the state."""

    def __init__(self, state: State | None, kind: EventKind) -> None:
        super().__init__(f"{kind} may not follow {state}")
        self.state = state
        self.kind = kind


def may(state: State, kind: EventKind) -> bool:
    return kind in _RULES and state in _RULES[kind][0]


def state_after(state: State, kind: EventKind) -> State:
    """Raises NotAllowed."""
    if not may(state, kind):
        raise NotAllowed(state, kind)
    return _RULES[kind][1] or state


@dataclass(frozen=True, slots=True)
class Standing:
    """What an obligation's events amount to: exactly the columns that its row projects."""

    state: State
    due: date | None
    first_due: date | None
    department_id: int
    role: Role
    risk: bool = False
    submitted_on: date | None = None
    late_days: int | None = None
    extensions: int = 0


@dataclass(frozen=True, slots=True)
class Happening:
    """One event: its kind, its day, and the values that it sets (None: unchanged).

    `risk` counts for REPORTED alone: the department says that the date is in danger, or no longer.
    """

    kind: EventKind
    on: date
    due: date | None = None
    department_id: int | None = None
    role: Role | None = None
    risk: bool = False


def days_late(submitted_on: date, due: date | None) -> int:
    """0 when made on or before the due date then in force, or when there is none."""
    return 0 if due is None else max(0, (submitted_on - due).days)


def opening(happening: Happening) -> Standing:
    if happening.kind is not EventKind.OPENED or happening.department_id is None or happening.role is None:
        raise NotAllowed(None, happening.kind)
    return Standing(State.OPEN, happening.due, happening.due, happening.department_id, happening.role)


def apply(standing: Standing, happening: Happening) -> Standing:
    """The standing after one more event. Raises NotAllowed."""
    kind = happening.kind
    after = replace(standing, state=state_after(standing.state, kind))
    match kind:
        case EventKind.REPORTED:
            return replace(after, risk=happening.risk)
        case EventKind.SUBMITTED:
            return replace(
                after,
                submitted_on=happening.on,
                late_days=days_late(happening.on, standing.due),
                risk=False,
            )
        case EventKind.RETURNED | EventKind.REOPENED:
            return replace(after, submitted_on=None, late_days=None)
        case EventKind.EXTENDED:
            return replace(after, due=happening.due, extensions=standing.extensions + 1)
        case EventKind.DUE_MOVED:
            return replace(after, due=happening.due)
        case EventKind.TRANSFERRED:
            return replace(after, department_id=happening.department_id or standing.department_id)
        case EventKind.ROLE_CHANGED:
            return replace(after, role=happening.role or standing.role)
        case _:
            return after


def fold(happenings: Iterable[Happening]) -> Standing:
    """All events of one obligation in order; the first must open it. Raises NotAllowed."""
    events = iter(happenings)
    standing = opening(next(events))
    for happening in events:
        standing = apply(standing, happening)
    return standing
