"""When an obligation is spoken of and who hears of it: the rules of one plan, or of all plans without their own."""

from dataclasses import dataclass
from enum import StrEnum


class Counting(StrEnum):
    """What the days before and after a due date are."""

    CALENDAR = "calendar"
    WORKING = "working"


class Pace(StrEnum):
    """How often a person wants to hear; what cannot wait is said at once whatever they want."""

    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class ReminderRules:
    """`before` and `after`: days from the due date, counted as `counting` says; `weekly`: then every week.

    `head_after`, `secretariat_after`, `leader_after`: working days overdue after which the head of the department,
    the secretariat, the leader in charge hear of it, None for never. The secretariat hears once, since the weekly list
    tells it the rest; the others weekly.
    `at_once`: what is due in so many days or fewer, is overdue or was returned is told to who wants weekly mail, too.
    """

    before: tuple[int, ...] = (30, 14, 7, 3, 1)
    on_day: bool = True
    after: tuple[int, ...] = (1,)
    weekly: bool = True
    counting: Counting = Counting.CALENDAR
    head_after: int | None = 10
    secretariat_after: int | None = 20
    leader_after: int | None = 30
    at_once: int = 3

    @property
    def rungs(self) -> tuple[int, ...]:
        """Days before the due date on which it is spoken of, the farthest first; 0 is the day itself."""
        return (*sorted(set(self.before), reverse=True), *((0,) if self.on_day else ()))


DEFAULT_RULES = ReminderRules()

# A rung missed for longer than this is not made up: later ones have spoken meanwhile, and what was said is remembered
# a little longer (queries/told_before.py), so that nothing is said a second time because it was forgotten.
MADE_UP_DAYS = 40
# The bounds of what a form takes. The first rung and a holiday before it lie within what a run looks ahead.
MOST_BEFORE, MOST_AFTER, MOST_RUNGS, MOST_HEARS_AFTER, MOST_AT_ONCE = 180, 28, 10, 250, 180
