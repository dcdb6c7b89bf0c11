"""Why a due date and its reminder days are what they are; the days come from the rules that send the reminders."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from app.domain.reminder_rules import DEFAULT_RULES, Counting, ReminderRules
from app.domain.reminders import hears_from, late_days, rungs, weekly_day, weekly_start
from app.domain.workdays import DayReason, WorkCalendar
from app.domain.workflow import EventKind

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_WEEKS_AHEAD = 2  # further weekly repetitions say nothing new
_SEARCHED_WEEKS = 60  # a calendar in which nobody works for a year has no days to show


@dataclass(frozen=True, slots=True)
class FreeDays:
    """Days in a row that are free for one reason."""

    first: date
    last: date
    reason: DayReason


@dataclass(frozen=True, slots=True)
class ReminderDay:
    """`nominal` by the rule alone, `day` when it is really said; between them the free days for which it moved.

    `before` or `after` so many days from the due date, as the rules count them; of who hears above the liaison `after`
    so many working days overdue. `provisional_years`: those of which the notice is not known yet, so that the day may
    still move. `reason`: why `day` is worked, to be told where it is a weekend's make-up day.
    """

    nominal: date
    day: date
    reason: DayReason
    moved_over: Sequence[FreeDays]
    provisional_years: frozenset[int]
    before: int | None = None
    after: int | None = None

    @property
    def is_moved(self) -> bool:
        return self.day != self.nominal


@dataclass(frozen=True, slots=True)
class ReminderDays:
    """When a due date is spoken of by `rules` while nothing is reported.

    `weekly`: the next repetitions after today, once it is overdue or from the first one on. `head`, `secretariat`,
    `leader`: from when they hear of it, too; None for never.
    """

    rules: ReminderRules
    rungs: Sequence[ReminderDay]
    after: Sequence[ReminderDay]
    weekly: Sequence[ReminderDay]
    head: ReminderDay | None
    secretariat: ReminderDay | None
    leader: ReminderDay | None

    @property
    def liaisons(self) -> Sequence[ReminderDay]:
        """All of the department's liaison, in the order of time."""
        return (*self.rungs, *self.after, *self.weekly)

    @property
    def provisional_years(self) -> list[int]:
        return sorted({year for one in self._all for year in one.provisional_years})

    @property
    def above(self) -> Sequence[ReminderDay]:
        """Of those who hear only of what is overdue for long."""
        return [one for one in (self.head, self.secretariat, self.leader) if one is not None]

    @property
    def _all(self) -> Sequence[ReminderDay]:
        return (*self.liaisons, *self.above)

    def next_from(self, today: date) -> date | None:
        """The next day on which something is said, today included."""
        return min((one.day for one in self.liaisons if one.day >= today), default=None)


def reminder_days(calendar: WorkCalendar, due: date, today: date, rules: ReminderRules = DEFAULT_RULES) -> ReminderDays:
    late = sorted(set(rules.after))
    start = weekly_start(calendar, due, rules)
    return ReminderDays(
        rules=rules,
        rungs=[
            _explained(calendar, rung.nominal, rung.day, before=rung.before) for rung in rungs(calendar, due, rules)
        ],
        after=[_after(calendar, due, days, rules) for days in late],
        # Its first day is the last of those above, where there are any.
        weekly=[
            _explained(calendar, monday, day)
            for monday, day in (_weekly(calendar, start, today) if start is not None else ())
            if not late or day != start
        ][:_WEEKS_AHEAD],
        head=_above(calendar, due, rules.head_after),
        secretariat=_above(calendar, due, rules.secretariat_after),
        leader=_above(calendar, due, rules.leader_after),
    )


def _after(calendar: WorkCalendar, due: date, days: int, rules: ReminderRules) -> ReminderDay:
    (day,) = late_days(calendar, due, replace(rules, after=(days,)))
    nominal = day if rules.counting is Counting.WORKING else due + timedelta(days=days)
    return _explained(calendar, nominal, day, after=days)


def _above(calendar: WorkCalendar, due: date, after: int | None) -> ReminderDay | None:
    if after is None:
        return None
    day = hears_from(calendar, due, after)
    return _explained(calendar, day, day, after=after)


def _weekly(calendar: WorkCalendar, start: date, today: date) -> Iterator[tuple[date, date]]:
    """(Monday, day said) of the next repetitions, those before today left out, and one more."""
    week = max(start, today)
    found = 0
    for _turn in range(_SEARCHED_WEEKS):
        monday = week - timedelta(days=week.weekday())
        day = weekly_day(calendar, start, week)
        if day is not None and day >= today:
            yield max(monday, start), day
            found += 1
            if found > _WEEKS_AHEAD:
                return
        week = monday + _WEEK


def _explained(
    calendar: WorkCalendar, nominal: date, day: date, *, before: int | None = None, after: int | None = None
) -> ReminderDay:
    first, last = (day + _DAY, nominal) if day < nominal else (nominal, day - _DAY)
    return ReminderDay(
        nominal=nominal,
        day=day,
        reason=calendar.reason(day),
        moved_over=_free_days(calendar, first, last) if day != nominal else (),
        provisional_years=frozenset(one.year for one in (nominal, day) if calendar.is_provisional(one)),
        before=before,
        after=after,
    )


def _free_days(calendar: WorkCalendar, first: date, last: date) -> list[FreeDays]:
    found: list[FreeDays] = []
    day = first
    while day <= last:
        reason = calendar.reason(day)
        if found and found[-1].reason == reason:
            found[-1] = FreeDays(found[-1].first, day, reason)
        else:
            found.append(FreeDays(day, day, reason))
        day += _DAY
    return found


class Reckoning(StrEnum):
    """How a date was reckoned from a phrase that names no day."""

    MONTH_END = "month_end"
    YEAR_END = "year_end"


def reckoned(printed: str, due: date | None) -> Reckoning | None:
    """None where the phrase names the day, or the date does not lie at an end."""
    if due is None or "日" in printed or not printed:
        return None
    if "月" in printed:
        return Reckoning.MONTH_END if (due + _DAY).day == 1 else None
    return Reckoning.YEAR_END if (due.month, due.day) == (12, 31) else None


@dataclass(frozen=True, slots=True)
class DueEvent:
    """What an event left behind. `seq` is its number, `department` who held the duty afterwards."""

    seq: int
    kind: EventKind
    due: date | None
    department: str


@dataclass(frozen=True, slots=True)
class DueStep:
    """One event that set or moved the date, or handed it on. `before` is the date until then.

    `from_department` is set where the duty changed hands and the date did not.
    """

    event: DueEvent
    before: date | None
    from_department: str | None = None

    @property
    def moved_days(self) -> int | None:
        if self.before is None or self.event.due is None or self.before == self.event.due:
            return None
        return (self.event.due - self.before).days


def due_steps(events: Iterable[DueEvent]) -> list[DueStep]:
    """The opening, and every later event after which the date or its holder was another. Events in their order."""
    steps: list[DueStep] = []
    last: DueEvent | None = None
    for event in events:
        if last is None:
            steps.append(DueStep(event, None))
        elif event.department != last.department:
            steps.append(DueStep(event, last.due, last.department))
        elif event.due != last.due or event.kind is EventKind.EXTENDED:
            steps.append(DueStep(event, last.due))
        last = event
    return steps
