"""What is to be said about an open obligation in the run of a day, given what was said before."""

from collections.abc import Iterator
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


class Ladder:
    """The rungs of every due date as seen on one day. What falls on a free day is said before it, never after."""

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
            before = (self._calendar.on_or_before(due - timedelta(days=rung)) for rung in RUNGS)
            self._reached[due] = self._last([*before, *self._weekly_from(self._first_after(due))])
        return self._reached[due]

    def copied(self, due: date) -> date | None:
        """The same for the head of the department: from the eleventh working day on, then weekly."""
        if due not in self._copied:
            start = due
            for _day in range(HEAD_HEARS_AFTER + 1):
                start = self._first_after(start)
            self._copied[due] = self._last(self._weekly_from(start))
        return self._copied[due]

    def _first_after(self, day: date) -> date:
        return self._calendar.on_or_after(day + timedelta(days=1))

    def _weekly_from(self, start: date) -> Iterator[date]:
        """`start`, and the newest first working day of a week between it and now."""
        if start > self.day:
            return
        yield start
        week = self.day
        while week > start:
            first = self._calendar.first_of_week(week)
            if first is not None and first <= self.day:
                yield first
                return
            week -= _WEEK  # a week without a working day, or one that has not come to it yet

    def _last(self, days: Iterator[date] | list[date]) -> date | None:
        return max((day for day in days if day <= self.day), default=None)


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
