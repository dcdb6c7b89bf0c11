"""What is to be said about an open obligation in the run of a day, given what was said before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property

from app.domain.reminder_rules import DEFAULT_RULES, MADE_UP_DAYS, Counting, Pace, ReminderRules
from app.domain.workdays import WorkCalendar
from app.domain.workflow import Role, State

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_MADE_UP = timedelta(days=MADE_UP_DAYS)


class Heading(StrEnum):
    OVERDUE = "overdue"
    RETURNED = "returned"
    DUE_SOON = "due_soon"
    NEW = "new"


class Hearing(StrEnum):
    """How an account hears of obligations; all but the liaison only of what is overdue for long."""

    DEPARTMENT = "department"  # everything: the liaison
    COPY = "copy"  # the head of the department
    SECRETARIAT = "secretariat"
    LEADER = "leader"  # in charge of departments


@dataclass(frozen=True, slots=True)
class Matter:
    """An open or returned obligation as it stands, in the words that a mail says.

    `revision` is the number of its last event. `returned_at` and `opened_at` are the numbers of the events by
    which it was last returned and last came to this department, if that is recent; `opened_on` is the day on which
    it came, `reason` the return's.
    """

    obligation_id: int
    department_id: int
    plan_title: str
    task_number: str
    task_title: str
    phase: str
    role: Role
    state: State
    due: date | None
    first_due: date | None
    revision: int
    returned_at: int | None = None
    opened_at: int | None = None
    reason: str = ""
    plan_id: int = 0
    department: str = ""
    opened_on: date | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """The last that one person was told of one obligation: when, with which due date, up to which event.

    `under`: the heading, where that is known.
    """

    on: date
    due: date | None
    revision: int
    under: Heading | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Rung:
    """`before`: days before the due date; `nominal` is that day, `day` the working day on which it is spoken of."""

    before: int
    nominal: date
    day: date


def rungs(calendar: WorkCalendar, due: date, rules: ReminderRules = DEFAULT_RULES) -> list[Rung]:
    """Up to the due date, earliest first. What falls on a free day is said before it, never after."""
    nominal = ((before, _days_before(calendar, due, before, rules)) for before in rules.rungs)
    return [Rung(before, day, calendar.on_or_before(day)) for before, day in nominal]


def late_days(calendar: WorkCalendar, due: date, rules: ReminderRules = DEFAULT_RULES) -> list[date]:
    """The working days after the due date on which it is said to be overdue, before the weekly repetition."""
    return sorted({_days_after(calendar, due, after, rules) for after in rules.after})


def first_after(calendar: WorkCalendar, day: date) -> date:
    """The first working day after `day`."""
    return calendar.on_or_after(day + _DAY)


def hears_from(calendar: WorkCalendar, due: date, after: int) -> date:
    """The first working day on which it is overdue by more than `after` working days."""
    day = due
    for _step in range(after + 1):
        day = first_after(calendar, day)
    return day


def weekly_start(calendar: WorkCalendar, due: date, rules: ReminderRules = DEFAULT_RULES) -> date | None:
    """The day from which on it is said weekly: the last of those after the due date, or the next week's first."""
    if not rules.weekly:
        return None
    late = late_days(calendar, due, rules)
    return late[-1] if late else calendar.list_day(_monday(due) + _WEEK)


def farthest(calendar: WorkCalendar, day: date, rules: ReminderRules = DEFAULT_RULES) -> date:
    """The last due date of which the rules may speak as early as on `day`."""
    first = max(rules.rungs, default=0)
    if rules.counting is Counting.CALENDAR or not first:
        return first_after(calendar, day) - _DAY + timedelta(days=first)  # free days behind `day` are said on it
    due = day
    for _step in range(first):
        due = first_after(calendar, due)
    return due


def _days_before(calendar: WorkCalendar, due: date, days: int, rules: ReminderRules) -> date:
    if rules.counting is Counting.CALENDAR:
        return due - timedelta(days=days)
    day = due
    for _step in range(days):
        day = calendar.on_or_before(day - _DAY)
    return day


def _days_after(calendar: WorkCalendar, due: date, days: int, rules: ReminderRules) -> date:
    if rules.counting is Counting.CALENDAR:
        return calendar.on_or_after(due + timedelta(days=days))
    day = due
    for _step in range(days):
        day = first_after(calendar, day)
    return day


def weekly_day(calendar: WorkCalendar, start: date, week: date) -> date | None:
    """When what is said from `start` on is said in the week that holds the day `week`.

    On `start` in its own week, on the first working day of every later one; None where there is no such day.
    """
    weeks = (_monday(week) - _monday(start)) // _WEEK
    if weeks < 0:
        return None
    return start if weeks == 0 else calendar.first_of_week(week)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


class Ladder:
    """When every due date was last to be spoken of by one set of rules, as seen on one day.

    A day longer ago than MADE_UP_DAYS counts no more: what was said then is not remembered either.
    """

    def __init__(self, calendar: WorkCalendar, day: date, rules: ReminderRules = DEFAULT_RULES) -> None:
        self._calendar = calendar
        self.day = day
        self.rules = rules
        self._reached: dict[tuple[Hearing, date], date | None] = {}

    def reached(self, due: date, hearing: Hearing = Hearing.DEPARTMENT) -> date | None:
        """The last day up to now on which `due` was to be spoken of to who hears so; None before the first."""
        key = (hearing, due)
        if key not in self._reached:
            day = self._said_to_liaison(due) if hearing is Hearing.DEPARTMENT else self._said_above(due, hearing)
            self._reached[key] = day if day is not None and day >= self.day - _MADE_UP else None
        return self._reached[key]

    @property
    def calendar(self) -> WorkCalendar:
        return self._calendar

    @cached_property
    def last_weekly(self) -> date:
        """The last day up to now on which those hear who want to hear once a week."""
        week = self.day
        while (first := self._calendar.first_of_week(week)) is None or first > self.day:
            week -= _WEEK
        return first

    def reached_weekly(self, due: date) -> date | None:
        """As `reached` of the liaison, of what was reached by the weekly day and is not overdue."""
        said = [rung.day for rung in rungs(self._calendar, due, self.rules) if rung.day <= self.last_weekly]
        day = max(said, default=None)
        return day if day is not None and day >= self.day - _MADE_UP else None

    def is_near(self, due: date) -> bool:
        """Whether it is due in so few days that it is told at once; said before free days, as the rungs are."""
        from_ = self._calendar.on_or_before(_days_before(self._calendar, due, self.rules.at_once, self.rules))
        return self.day >= from_

    def _said_to_liaison(self, due: date) -> date | None:
        """Before the due date the rungs, then the days after it, then the first working day of each week."""
        spoken = [rung.day for rung in rungs(self._calendar, due, self.rules) if rung.day <= self.day]
        spoken += [day for day in late_days(self._calendar, due, self.rules) if day <= self.day]
        start = weekly_start(self._calendar, due, self.rules)
        late = self._weekly(start) if start is not None else None
        return late or max(spoken, default=None)

    def _said_above(self, due: date, hearing: Hearing) -> date | None:
        after = hears_after(self.rules, hearing)
        if after is None:
            return None
        start = hears_from(self._calendar, due, after)
        if hearing is Hearing.SECRETARIAT:
            return start if start <= self.day else None
        return self._weekly(start)

    def _weekly(self, start: date) -> date | None:
        """The newest of the days from `start` on; a week without a working day, or one not come to it, is passed."""
        week = self.day
        while week >= _monday(start):
            day = weekly_day(self._calendar, start, week)
            if day is not None and day <= self.day:
                return day
            week -= _WEEK
        return None


def hears_after(rules: ReminderRules, hearing: Hearing) -> int | None:
    """Working days overdue after which somebody above the liaison hears of it; None for never."""
    match hearing:
        case Hearing.COPY:
            return rules.head_after
        case Hearing.SECRETARIAT:
            return rules.secretariat_after
        case Hearing.LEADER:
            return rules.leader_after
        case Hearing.DEPARTMENT:
            return 0


class Ladders:
    """A ladder for each plan that has rules of its own, and one for all others."""

    def __init__(
        self,
        calendar: WorkCalendar,
        day: date,
        rules: ReminderRules = DEFAULT_RULES,
        of_plans: Mapping[int, ReminderRules] | None = None,
    ) -> None:
        self.day = day
        self._default = Ladder(calendar, day, rules)
        self._of_plans = {plan: Ladder(calendar, day, one) for plan, one in (of_plans or {}).items()}

    def of(self, plan_id: int) -> Ladder:
        return self._of_plans.get(plan_id, self._default)

    @property
    def all(self) -> Sequence[Ladder]:
        return (self._default, *self._of_plans.values())

    @property
    def farthest(self) -> date:
        """The last due date of which any of the rules may speak on that day."""
        return max(farthest(ladder.calendar, self.day, ladder.rules) for ladder in self.all)


def heading(
    matter: Matter, hearing: Hearing, ladder: Ladder, said: Said | None, pace: Pace = Pace.DAILY
) -> Heading | None:
    """Under which heading the matter is to be said, or None when there is nothing to say of it today.

    A rung that was reached while nobody ran is made up: it counts until it has been said of this due date. Who wants to
    hear weekly is told on the first working day of the week, or in the next run, what was reached or came by then; what
    is overdue, returned or near is not kept back.
    """
    due = matter.due
    overdue = due is not None and due < ladder.day
    if hearing is not Hearing.DEPARTMENT:
        return Heading.OVERDUE if due is not None and _unsaid(ladder.reached(due, hearing), due, said) else None
    rung = due is not None and _unsaid(ladder.reached(due), due, said)
    returned = _since(matter.returned_at, said)
    opened = _since(matter.opened_at, said)
    if not (rung or returned or opened):
        return None
    if overdue:
        return Heading.OVERDUE
    if returned:
        return Heading.RETURNED
    if pace is Pace.WEEKLY and not (due is not None and ladder.is_near(due)):
        rung = due is not None and _unsaid(ladder.reached_weekly(due), due, said)
        opened = opened and (matter.opened_on is None or matter.opened_on < ladder.last_weekly)
        if not (rung or opened):
            return None
    return Heading.DUE_SOON if rung else Heading.NEW


def _unsaid(rung: date | None, due: date, said: Said | None) -> bool:
    return rung is not None and (said is None or said.due != due or said.on < rung)


def _since(event: int | None, said: Said | None) -> bool:
    return event is not None and (said is None or event > said.revision)
