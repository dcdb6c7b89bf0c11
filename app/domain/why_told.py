"""Why something is said of an obligation in a run: the rule that asks for it, or what happened to it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.domain.reminder_rules import Counting
from app.domain.reminders import Heading, Hearing, Ladder, Matter, Said, hears_after, hears_from, late_days, rungs


class Cause(StrEnum):
    BEFORE = "before"  # so many days before the due date
    ON_DAY = "on_day"
    AFTER = "after"  # so many days after it
    WEEKLY = "weekly"  # overdue, once a week
    LONG_OVERDUE = "long_overdue"  # what is told above the liaison
    RETURNED = "returned"
    CAME = "came"
    LISTED = "listed"  # it stands on the weekly list


@dataclass(frozen=True, slots=True)
class Why:
    """`days`: before or after the due date, counted as `counting` says; of LONG_OVERDUE always working days.

    `nominal`: the day that the rule names; `day`: the working day on which it was to be said, if nobody was late.
    """

    cause: Cause
    hearing: Hearing
    days: int = 0
    counting: Counting = Counting.CALENDAR
    nominal: date | None = None
    day: date | None = None

    @property
    def moved(self) -> bool:
        """Said before a free day."""
        return self.nominal is not None and self.nominal != self.day


def why(matter: Matter, hearing: Hearing, ladder: Ladder, said: Said | None, which: Heading) -> Why:
    """Of a matter that `heading` puts under `which`."""
    due = matter.due
    if hearing is not Hearing.DEPARTMENT:
        days = hears_after(ladder.rules, hearing) or 0
        day = hears_from(ladder.calendar, due, days) if due is not None else None
        return Why(Cause.LONG_OVERDUE, hearing, days, Counting.WORKING, day, day)
    if which is Heading.RETURNED:
        return Why(Cause.RETURNED, hearing)
    reached = ladder.reached(due) if due is not None else None
    # As in `heading`: what was said already is told again because of an event.
    fresh = reached is not None and (said is None or said.due != due or said.on < reached)
    if due is None or reached is None or not fresh:
        return Why(Cause.RETURNED if matter.returned_at is not None else Cause.CAME, hearing)
    return _rung(ladder, due, reached)


def _rung(ladder: Ladder, due: date, reached: date) -> Why:
    counting = ladder.rules.counting
    steps = [rung for rung in rungs(ladder.calendar, due, ladder.rules) if rung.day == reached]
    if steps and reached <= due:
        rung = steps[-1]  # of two that fall on one working day the nearer one
        cause = Cause.BEFORE if rung.before else Cause.ON_DAY
        return Why(cause, Hearing.DEPARTMENT, rung.before, counting, rung.nominal, rung.day)
    if reached in late_days(ladder.calendar, due, ladder.rules):
        days = (reached - due).days if counting is Counting.CALENDAR else ladder.calendar.between(due, reached)
        return Why(Cause.AFTER, Hearing.DEPARTMENT, days, counting, reached, reached)
    return Why(Cause.WEEKLY, Hearing.DEPARTMENT, 0, counting, reached, reached)
