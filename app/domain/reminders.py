"""What is to be said about an open obligation in the run of a day, given what was said before."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.domain.workdays import WorkCalendar
from app.domain.workflow import Role, State

RUNGS = (30, 14, 7, 3, 1, 0)  # days before the due date on which it is spoken of
HEAD_HEARS_AFTER = 10  # working days overdue
_WEEK = timedelta(days=7)


class Heading(StrEnum):
    OVERDUE = "overdue"
    RETURNED = "returned"
    DUE_SOON = "due_soon"
    NEW = "new"


class Hearing(StrEnum):
    """How an account hears of its department's obligations."""

    DEPARTMENT = "department"  # everything: the liaison
    COPY = "copy"  # only what is long overdue: the head of the department


@dataclass(frozen=True, slots=True)
class Matter:
    """An open or returned obligation as it stands, in the words that a mail says.

    `revision` is the number of its last event. `returned_at` and `opened_at` are the numbers of the events by
    which it was last returned and last came to this department, if that is recent; `reason` is the return's.
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


@dataclass(frozen=True, slots=True)
class Said:
    """The last that one person was told of one obligation: when, with which due date, up to which event."""

    on: date
    due: date | None
    revision: int


@dataclass(frozen=True, slots=True)
class Rung:
    """`before`: days before the due date; `nominal` is that day, `day` the working day on which it is spoken of."""

    before: int
    nominal: date
    day: date


def rungs(calendar: WorkCalendar, due: date) -> list[Rung]:
    """Up to the due date, earliest first. What falls on a free day is said before it, never after."""
    nominal = ((before, due - timedelta(days=before)) for before in RUNGS)
    return [Rung(before, day, calendar.on_or_before(day)) for before, day in nominal]


def first_after(calendar: WorkCalendar, day: date) -> date:
    """The first working day after `day`: after a due date the one on which it is first said to be overdue."""
    return calendar.on_or_after(day + timedelta(days=1))


def head_hears_from(calendar: WorkCalendar, due: date) -> date:
    """The working day on which the head of the department first hears of it."""
    start = due
    for _day in range(HEAD_HEARS_AFTER + 1):
        start = first_after(calendar, start)
    return start


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
    """When every due date was last to be spoken of, as seen on one day."""

    def __init__(self, calendar: WorkCalendar, day: date) -> None:
        self._calendar = calendar
        self.day = day
        self._reached: dict[date, date | None] = {}
        self._copied: dict[date, date | None] = {}

    def reached(self, due: date) -> date | None:
        """The last day up to now on which `due` was to be spoken of; None before the first rung.

        Before the due date the rungs; after it the first working day, then the first working day of each week.
        """
        if due not in self._reached:
            spoken = [rung.day for rung in rungs(self._calendar, due) if rung.day <= self.day]
            late = self._weekly(first_after(self._calendar, due))
            self._reached[due] = late or max(spoken, default=None)
        return self._reached[due]

    def copied(self, due: date) -> date | None:
        """The same for the head of the department: from the eleventh working day on, then weekly."""
        if due not in self._copied:
            self._copied[due] = self._weekly(head_hears_from(self._calendar, due))
        return self._copied[due]

    def _weekly(self, start: date) -> date | None:
        """The newest of the days from `start` on; a week without a working day, or one not come to it, is passed."""
        week = self.day
        while week >= _monday(start):
            day = weekly_day(self._calendar, start, week)
            if day is not None and day <= self.day:
                return day
            week -= _WEEK
        return None


def heading(matter: Matter, hearing: Hearing, ladder: Ladder, said: Said | None) -> Heading | None:
    """Under which heading the matter is to be said, or None when there is nothing to say of it today.

    A rung that was reached while nobody ran is made up: it counts until it has been said of this due date.
    """
    overdue = matter.due is not None and matter.due < ladder.day
    if hearing is Hearing.COPY:
        due = matter.due
        return Heading.OVERDUE if due is not None and _unsaid(ladder.copied(due), due, said) else None
    rung = matter.due is not None and _unsaid(ladder.reached(matter.due), matter.due, said)
    returned = _since(matter.returned_at, said)
    opened = _since(matter.opened_at, said)
    if not (rung or returned or opened):
        return None
    if overdue:
        return Heading.OVERDUE
    if returned:
        return Heading.RETURNED
    return Heading.DUE_SOON if rung else Heading.NEW


def _unsaid(rung: date | None, due: date, said: Said | None) -> bool:
    return rung is not None and (said is None or said.due != due or said.on < rung)


def _since(event: int | None, said: Said | None) -> bool:
    return event is not None and (said is None or event > said.revision)
