"""The light of an obligation: derived from state, due date and today, never stored."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.workflow import State

DUE_SOON_DAYS = 30
START_DAYS = 365  # a milestone further away than a year has not begun to count


class Light(StrEnum):
    NOT_STARTED = "not_started"
    ON_TRACK = "on_track"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    IN_REVIEW = "in_review"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Shown:
    """`days`: until due when positive, since due when negative; None without a due date.

    `late_days`: how late the submission was, for IN_REVIEW and DONE. `returned`: waits for a better report.
    """

    light: Light
    days: int | None = None
    late_days: int = 0
    returned: bool = False


def shown(
    state: State,
    due: date | None,
    today: date,
    *,
    risk: bool = False,
    late_days: int | None = None,
    reported: bool = False,
) -> Shown:
    """`reported`: the department has said something on it, so it counts as started."""
    days = None if due is None else (due - today).days
    match state:
        case State.CANCELLED:
            return Shown(Light.CANCELLED, days)
        case State.ACCEPTED:
            return Shown(Light.DONE, days, late_days or 0)
        case State.SUBMITTED:
            return Shown(Light.IN_REVIEW, days, late_days or 0)
        case State.OPEN | State.RETURNED:
            returned = state is State.RETURNED
            if days is not None and days < 0:
                return Shown(Light.OVERDUE, days, returned=returned)
            if risk or (days is not None and days <= DUE_SOON_DAYS):
                return Shown(Light.DUE_SOON, days, returned=returned)
            started = reported or returned or (days is not None and days <= START_DAYS)
            return Shown(Light.ON_TRACK if started else Light.NOT_STARTED, days, returned=returned)
