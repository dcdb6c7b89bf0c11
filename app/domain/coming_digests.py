"""What will have been said by a day to come, if nobody reports meanwhile: the runs until then, made in thought."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from app.domain.digest import Hearer
from app.domain.reminders import Heading, Hearing, Ladder, Ladders, Matter, Said, heading, hears_after, hears_from
from app.domain.workdays import WorkCalendar

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Run:
    """A run by its day; on a day with both the weekly list goes before the daily digest."""

    day: date
    daily: bool

    @property
    def weekly(self) -> bool:
        return not self.daily


@dataclass(frozen=True, slots=True)
class RunsKnown:
    """What is on record about a region's runs: those made, those held, and the day of its very first one.

    `reached`: of the made runs that are not finished, the last account that is done.
    """

    made: Collection[Run] = ()
    held: Collection[Run] = ()
    first: date | None = None
    reached: Mapping[Run, int] = field(default_factory=dict)


def runs_before(run: Run, calendar: WorkCalendar, today: date, known: RunsKnown) -> list[Run]:
    """What is still to be made before `run`, in that order. A run that is held is not made, nor is one a second time.

    The list of this week that was missed is made up as soon as a day is worked.
    """
    found = []
    missed = calendar.first_of_week(today)
    if missed is not None and missed < today and known.first is not None and known.first < missed:
        found.append(Run(missed, daily=False))
    day = today
    while day <= run.day:
        if calendar.first_of_week(day) == day:
            found.append(Run(day, daily=False))
        if calendar.is_working(day):
            found.append(Run(day, daily=True))
        day += _DAY
    done = {_key(one) for one in {*known.made, *known.held} if one not in known.reached}
    return [one for one in found if one < run and _key(one) not in done]


def _key(run: Run) -> Run:
    """A week has one list: a closure that is entered later moves its day, not what was made or held."""
    return run if run.daily else Run(run.day - _DAY * run.day.weekday(), daily=False)


def lists_before(run: Run, calendar: WorkCalendar, today: date, frozen: Collection[date]) -> list[date]:
    """The days of the lists that will be frozen before that of `run`: those of held runs are frozen, too."""
    day, found = today, []
    weeks = {_key(Run(one, daily=False)) for one in frozen}
    while day < run.day:
        if calendar.first_of_week(day) == day and _key(Run(day, daily=False)) not in weeks:
            found.append(day)
        day += _DAY
    return found


class Ahead:
    """The runs until a day, made in thought: what each person will have been told of each matter.

    `newest`: by account, the last run that will tell the person anything, as far as the matters have been gone through.

    The rules ask of a matter no more than its plan's rules, its due date, when that was last said, and whether its
    return or coming was said; what agrees in these fares alike and is thought through once.
    """

    def __init__(
        self,
        runs: Iterable[tuple[Run, Ladders]],
        calendar: WorkCalendar,
        reached: Mapping[Run, int] | None = None,
    ) -> None:
        self._runs = list(runs)
        self._calendar = calendar
        self._reached = dict(reached or {})
        self._known: dict[object, Said | None] = {}
        self._newest: dict[int, date] = {}

    @property
    def newest(self) -> Mapping[int, date]:
        return self._newest

    def then(self, hearer: Hearer, matter: Matter, last: Said | None) -> Said | None:
        """`last`: what was said of it before the first of the runs. Only of who gets mail."""
        told = last.revision if last else -1
        fares_by = (
            hearer.hearing,
            hearer.pace,
            tuple(run for run, account_id in self._reached.items() if hearer.account_id <= account_id),
            matter.plan_id,
            matter.due,
            last and (last.on, last.due, last.under),
            matter.returned_at is not None and matter.returned_at > told,
            matter.opened_at is not None and matter.opened_at > told,
            matter.opened_on,
        )
        if fares_by not in self._known:
            self._known[fares_by] = self._told(hearer, matter, last)
        newest = self._known[fares_by]
        if newest is None:
            return last
        self._newest[hearer.account_id] = max(newest.on, self._newest.get(hearer.account_id, newest.on))
        return Said(newest.on, newest.due, max(matter.revision, told), newest.under)

    def _told(self, hearer: Hearer, matter: Matter, last: Said | None) -> Said | None:
        """The newest that the runs say of it; None where they do not speak of it."""
        newest = None
        for run, ladders in self._runs:
            if hearer.account_id <= self._reached.get(run, 0):
                continue
            ladder = ladders.of(matter.plan_id)
            if run.daily:
                which = heading(matter, hearer.hearing, ladder, newest or last, hearer.pace)
            else:
                which = Heading.OVERDUE if on_list(hearer, matter, ladder, self._calendar) else None
            if which is not None:
                newest = Said(run.day, matter.due, max(matter.revision, last.revision if last else 0), which)
        return newest


def on_list(hearer: Hearer, matter: Matter, ladder: Ladder, calendar: WorkCalendar) -> bool:
    """Whether the weekly list of the ladder's day tells this person of the matter.

    All that is overdue to the liaison; the head hears of what is so for as long as the plan's rules say; who stands
    above has the list itself.
    """
    if matter.due is None or matter.due >= ladder.day:
        return False
    if hearer.hearing is Hearing.COPY:
        after = hears_after(ladder.rules, hearer.hearing)
        return after is not None and hears_from(calendar, matter.due, after) <= ladder.day
    return hearer.hearing is Hearing.DEPARTMENT
