"""What one edition of a plan says otherwise than the one before, from the two drafts as they were published."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

Draft: TypeAlias = Mapping[str, Any]  # a PlanDraft, or a part of one, as JSON


class Part(StrEnum):
    """What of a task, an indicator or the plan itself changed."""

    TITLE = "title"
    STATUS = "status"
    PERIOD = "period"
    DOCUMENT = "document"
    KIND = "kind"
    AREA = "area"
    MODE = "mode"
    LEAD = "lead"
    SUPPORT = "support"
    MEASURES = "measures"
    DATES = "dates"
    UNIT = "unit"
    ATTRIBUTE = "attribute"
    FORMULA = "formula"
    TARGETS = "targets"


@dataclass(frozen=True, slots=True)
class PartChange:
    """`before` and `after` hold one text for each line that is shown."""

    part: Part
    before: Sequence[str]
    after: Sequence[str]


@dataclass(frozen=True, slots=True)
class Named:
    """A task or an indicator; `changes` is empty where it was added or withdrawn."""

    number: str
    title: str
    changes: Sequence[PartChange] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    added: Sequence[Named]
    withdrawn: Sequence[Named]
    changed: Sequence[Named]

    def __bool__(self) -> bool:
        return bool(self.added or self.withdrawn or self.changed)


@dataclass(frozen=True, slots=True)
class EditionChanges:
    plan: Sequence[PartChange]
    tasks: Compared
    indicators: Compared

    def __bool__(self) -> bool:
        return bool(self.plan or self.tasks or self.indicators)


Reading: TypeAlias = Mapping[Part, Callable[[Draft], Sequence[str]]]


def edition_changes(before: Draft | None, after: Draft) -> EditionChanges:
    """Without an edition before, everything was added."""
    old = before or {}
    return EditionChanges(
        plan=_parts(_PLAN, old, after) if before else (),
        tasks=_compared(_TASK, old.get("tasks", ()), after.get("tasks", ()), "title"),
        indicators=_compared(_INDICATOR, old.get("indicators", ()), after.get("indicators", ()), "name"),
    )


def _compared(reading: Reading, before: Sequence[Draft], after: Sequence[Draft], title: str) -> Compared:
    old = {one["number"]: one for one in before}
    new = {one["number"]: one for one in after}
    changed = []
    for number, one in new.items():
        if number in old and (parts := _parts(reading, old[number], one)):
            changed.append(Named(number, one[title], parts))
    return Compared(
        added=[Named(number, one[title]) for number, one in new.items() if number not in old],
        withdrawn=[Named(number, one[title]) for number, one in old.items() if number not in new],
        changed=changed,
    )


def _parts(reading: Reading, before: Draft, after: Draft) -> list[PartChange]:
    pairs = ((part, tuple(read(before)), tuple(read(after))) for part, read in reading.items())
    return [PartChange(part, old, new) for part, old, new in pairs if old != new]


def _text(key: str) -> Callable[[Draft], Sequence[str]]:
    return lambda one: [str(one[key])] if one.get(key) not in {None, ""} else []


def _list(key: str) -> Callable[[Draft], Sequence[str]]:
    return lambda one: [str(item) for item in one.get(key) or ()]


def _phases(one: Draft) -> Sequence[str]:
    return [f"{phase['name']} {phase.get('due') or ''}".strip() for phase in one.get("phases") or ()]


def _milestones(one: Draft) -> Sequence[str]:
    return [
        f"{milestone['phase']} {milestone.get('due') or milestone.get('review') or ''}".strip()
        for milestone in one.get("milestones") or ()
    ]


def _targets(one: Draft) -> Sequence[str]:
    return [
        " ".join(str(part) for part in (target["year"], target.get("scope"), target["printed"]) if part)
        for target in one.get("targets") or ()
    ]


def _formula(one: Draft) -> Sequence[str]:
    formula = one.get("formula")
    if not formula:
        return []
    below = f" / {formula['denominator']}" if formula.get("denominator") else ""
    return [f"{formula['numerator']}{below} × {formula.get('factor')}"]


def _period(one: Draft) -> Sequence[str]:
    return ["–".join(str(year) for year in one.get("period") or ())]


_PLAN: Reading = {
    Part.TITLE: _text("title"),
    Part.STATUS: _text("status"),
    Part.PERIOD: _period,
    Part.DOCUMENT: _text("document_number"),
    Part.DATES: _phases,
}
_TASK: Reading = {
    Part.TITLE: _text("title"),
    Part.KIND: _text("kind"),
    Part.AREA: _text("area"),
    Part.MODE: _text("mode"),
    Part.LEAD: _list("lead"),
    Part.SUPPORT: _list("support"),
    Part.MEASURES: _list("measures"),
    Part.DATES: _milestones,
}
_INDICATOR: Reading = {
    Part.TITLE: _text("name"),
    Part.AREA: _text("area"),
    Part.UNIT: _text("unit"),
    Part.ATTRIBUTE: _text("attribute"),
    Part.LEAD: _list("lead"),
    Part.FORMULA: _formula,
    Part.TARGETS: _targets,
}
