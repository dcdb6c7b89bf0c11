"""One digest per person: everything that is to be said to them in a run, in the order in which it matters."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.domain.reminder_rules import Pace
from app.domain.reminders import Heading, Hearing, Ladders, Matter, Said, heading

_ORDER = {which: place for place, which in enumerate(Heading)}


@dataclass(frozen=True, slots=True)
class Hearer:
    """Somebody who hears of the obligations of some departments; `departments` None: of the whole region's."""

    account_id: int
    departments: frozenset[int] | None
    hearing: Hearing
    pace: Pace = Pace.DAILY


@dataclass(frozen=True, slots=True)
class Entry:
    """`days`: until due when positive, since due when negative; None without a due date."""

    heading: Heading
    matter: Matter
    days: int | None


@dataclass(frozen=True, slots=True)
class PersonDigest:
    """What one person is told; without entries there is no mail."""

    hearer: Hearer
    entries: Sequence[Entry]

    def under(self, which: Heading) -> list[Entry]:
        return [entry for entry in self.entries if entry.heading is which]

    @property
    def counts(self) -> list[tuple[Heading, int]]:
        """Headings that have something under them, in the order of the mail: the parts of the subject."""
        found = Counter(entry.heading for entry in self.entries)
        return [(which, found[which]) for which in Heading if found[which]]

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


def entry_of(matter: Matter, which: Heading, day: date) -> Entry:
    return Entry(which, matter, (matter.due - day).days if matter.due else None)


def gather(hearer: Hearer, matters: Iterable[Matter], said: Mapping[int, Said], ladders: Ladders) -> PersonDigest:
    """`matters` are those of the hearer's departments, `said` what this person was told, by obligation."""
    entries = []
    for matter in matters:
        ladder = ladders.of(matter.plan_id)
        which = heading(matter, hearer.hearing, ladder, said.get(matter.obligation_id), hearer.pace)
        if which is not None:
            entries.append(entry_of(matter, which, ladder.day))
    return PersonDigest(hearer, sorted(entries, key=_place))


def gather_all(
    hearers: Iterable[Hearer],
    matters: Iterable[Matter],
    said: Mapping[tuple[int, int], Said],
    ladders: Ladders,
) -> list[PersonDigest]:
    """One digest per hearer in the order given, the empty ones too. `said` by account and obligation."""
    by_department = _grouped(matters, lambda matter: matter.department_id)
    by_account: dict[int, dict[int, Said]] = {}
    for (account_id, obligation_id), what in said.items():
        by_account.setdefault(account_id, {})[obligation_id] = what
    return [
        gather(hearer, _heard(hearer, by_department), by_account.get(hearer.account_id, {}), ladders)
        for hearer in hearers
    ]


def _heard(hearer: Hearer, by_department: Mapping[int, Sequence[Matter]]) -> Iterator[Matter]:
    for department in by_department if hearer.departments is None else sorted(hearer.departments):
        yield from by_department.get(department, ())


def fold_said(runs: Iterable[tuple[date, Iterable[Mapping[str, str | int | None]]]]) -> dict[int, Said]:
    """The kept items of one person's runs, oldest run first, as the last that was said of each obligation."""
    last: dict[int, Said] = {}
    for on, items in runs:
        for item in items:
            key = int(item["obligation"] or 0)
            due = date.fromisoformat(str(item["due"])) if item["due"] else None
            before = last.get(key)
            revision = int(item["revision"] or 0)
            last[key] = Said(on, due, max(revision, before.revision) if before else revision)
    return last


def _place(entry: Entry) -> tuple[int, date, int]:
    return _ORDER[entry.heading], entry.matter.due or date.max, entry.matter.obligation_id


def _grouped(matters: Iterable[Matter], key: Callable[[Matter], int]) -> dict[int, list[Matter]]:
    found: dict[int, list[Matter]] = {}
    for matter in matters:
        found.setdefault(key(matter), []).append(matter)
    return found
