"""One digest per person: everything that is to be said to them in a run, in the order in which it matters."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar

from app.domain.reminder_rules import Pace
from app.domain.reminders import Heading, Hearing, Ladder, Ladders, Matter, Said, heading
from app.domain.why_told import Why, why
from app.domain.workflow import Role

_ORDER = {which: place for place, which in enumerate(Heading)}
_DIGITS = re.compile(r"(\d+)")
_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class Hearer:
    """Somebody who hears of the obligations of some departments; `departments` None: of the whole region's."""

    account_id: int
    departments: frozenset[int] | None
    hearing: Hearing
    pace: Pace = Pace.DAILY


class Foreseen(Protocol):
    """What will have been said by a day to come (app/domain/coming_digests.py).

    `newest`: by account, the day of the last run that will tell the person anything.
    """

    @property
    def newest(self) -> Mapping[int, date]: ...

    def then(self, hearer: Hearer, matter: Matter, last: Said | None) -> Said | None: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """`days`: until due when positive, since due when negative; None without a due date.

    `first`: this person was not told of it under this heading and with this date before, as far as is remembered.
    """

    heading: Heading
    matter: Matter
    days: int | None
    why: Why | None = None
    first: bool = False


@dataclass(frozen=True, slots=True)
class DepartmentEntries:
    """What a digest says of one department."""

    department: str
    entries: Sequence[Entry]

    @property
    def leads(self) -> int:
        return sum(1 for entry in self.entries if entry.matter.role is Role.LEAD)

    @property
    def longest(self) -> int:
        """Days overdue."""
        return max((-(entry.days or 0) for entry in self.entries), default=0)


@dataclass(frozen=True, slots=True)
class PersonDigest:
    """What one person is told; without entries there is no mail.

    `waiting`: how much more there is that who hears weekly is told on another day.
    """

    hearer: Hearer
    entries: Sequence[Entry]
    waiting: int = 0

    def under(self, which: Heading) -> list[Entry]:
        return [entry for entry in self.entries if entry.heading is which]

    @property
    def counts(self) -> list[tuple[Heading, int]]:
        """Headings that have something under them, in the order of the mail: the parts of the subject."""
        found = Counter(entry.heading for entry in self.entries)
        return [(which, found[which]) for which in Heading if found[which]]

    @property
    def first(self) -> int:
        return sum(1 for entry in self.entries if entry.first)

    @property
    def departments(self) -> list[DepartmentEntries]:
        """Most entries first, then the longest overdue, then by name, as on the weekly list."""
        parts = [
            DepartmentEntries(name, held)
            for name, held in _grouped(self.entries, lambda entry: entry.matter.department).items()
        ]
        return sorted(parts, key=lambda part: (-len(part.entries), -part.longest, part.department))

    @property
    def items(self) -> list[dict[str, str | int | None]]:
        """What is kept, so that a later run knows what was said."""
        return [
            {
                "obligation": entry.matter.obligation_id,
                "heading": entry.heading.value,
                "due": entry.matter.due.isoformat() if entry.matter.due else None,
                "revision": entry.matter.revision,
            }
            for entry in self.entries
        ]


def by_plan(entries: Iterable[Entry]) -> list[tuple[str, Sequence[Entry]]]:
    """Title and entries of each plan; the plan with the most urgent entry comes first."""
    plans = _grouped(entries, lambda entry: (entry.matter.plan_id, entry.matter.plan_title))
    return [(title, held) for (_plan, title), held in plans.items()]


def entry_of(matter: Matter, which: Heading, day: date, told: Why | None = None, *, first: bool = False) -> Entry:
    return Entry(which, matter, (matter.due - day).days if matter.due else None, told, first)


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Heading, due date, number of the task as one would count it: 1.9 before 1.10."""
    return sorted(entries, key=_place)


def gather(hearer: Hearer, matters: Iterable[Matter], said: Mapping[int, Said], ladders: Ladders) -> PersonDigest:
    """`matters` are those of the hearer's departments, `said` what this person was told, by obligation."""
    told = {(hearer.account_id, obligation_id): what for obligation_id, what in said.items()}
    return gather_all([hearer], matters, told, ladders)[0]


def gather_all(
    hearers: Iterable[Hearer],
    matters: Iterable[Matter],
    said: Mapping[tuple[int, int], Said],
    ladders: Ladders,
    ahead: Foreseen | None = None,
) -> list[PersonDigest]:
    """One digest per hearer in the order given, the empty ones too. `said` by account and obligation.

    `ahead`: what the runs between now and the ladders' day will say; None where there are none.

    The matters are gone through once and need not lie in memory together: only what is said is kept.
    """
    asked = list(hearers)
    everywhere = [hearer for hearer in asked if hearer.departments is None]
    of_department: dict[int, list[Hearer]] = {}
    for hearer in asked:
        for department in hearer.departments or ():
            of_department.setdefault(department, []).append(hearer)
    reasons = _Reasons()
    found: dict[int, list[Entry]] = {hearer.account_id: [] for hearer in asked}
    waiting: Counter[int] = Counter()
    for matter in matters:
        ladder = ladders.of(matter.plan_id)
        for hearer in (*everywhere, *of_department.get(matter.department_id, ())):
            before = said.get((hearer.account_id, matter.obligation_id))
            if ahead is not None:
                before = ahead.then(hearer, matter, before)
            which = heading(matter, hearer.hearing, ladder, before, hearer.pace)
            if which is None and hearer.pace is Pace.WEEKLY:
                waiting[hearer.account_id] += heading(matter, hearer.hearing, ladder, before) is not None
            if which is not None:
                first = before is None or before.due != matter.due or before.under is not which
                told = reasons.why(matter, hearer.hearing, ladder, before, which)
                found[hearer.account_id].append(entry_of(matter, which, ladder.day, told, first=first))
    return [PersonDigest(hearer, in_order(found[hearer.account_id]), waiting[hearer.account_id]) for hearer in asked]


class _Reasons:
    """`why`, remembered: most matters share their rules and their due date with many others."""

    def __init__(self) -> None:
        self._known: dict[object, Why] = {}

    def why(self, matter: Matter, hearing: Hearing, ladder: Ladder, said: Said | None, which: Heading) -> Why:
        told_on = said.on if said is not None and said.due == matter.due else None
        key = (id(ladder), hearing, which, matter.due, matter.returned_at is None, told_on)
        if key not in self._known:
            self._known[key] = why(matter, hearing, ladder, said, which)
        return self._known[key]


def excerpt(digest: PersonDigest, *, most: int, least: int) -> dict[Heading, Sequence[Entry]]:
    """The entries that a mail itself shows: at most `most`, but the first `least` of every heading in any case."""
    room = most
    shown: dict[Heading, Sequence[Entry]] = {}
    for which, count in digest.counts:
        take = min(count, max(room, least))
        shown[which] = digest.under(which)[:take]
        room -= take
    return shown


def fold_said(runs: Iterable[tuple[date, Iterable[Mapping[str, str | int | None]]]]) -> dict[int, Said]:
    """The kept items of one person's runs, oldest run first, as the last that was said of each obligation."""
    last: dict[int, Said] = {}
    for on, items in runs:
        for item in items:
            key = int(item["obligation"] or 0)
            due = date.fromisoformat(str(item["due"])) if item["due"] else None
            before = last.get(key)
            revision = int(item["revision"] or 0)
            under = Heading(str(item["heading"]))
            last[key] = Said(on, due, max(revision, before.revision) if before else revision, under)
    return last


def _place(entry: Entry) -> tuple[int, date, Sequence[tuple[int, str]], int]:
    return (
        _ORDER[entry.heading],
        entry.matter.due or date.max,
        list(_number(entry.matter.task_number)),
        entry.matter.obligation_id,
    )


def _number(text: str) -> Iterator[tuple[int, str]]:
    for part in _DIGITS.split(text):
        yield (int(part), "") if part.isascii() and part.isdigit() else (-1, part)


def _grouped(entries: Iterable[Entry], key: Callable[[Entry], _Key]) -> dict[_Key, list[Entry]]:
    found: dict[_Key, list[Entry]] = {}
    for entry in entries:
        found.setdefault(key(entry), []).append(entry)
    return found
