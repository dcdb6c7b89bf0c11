"""The words of a department's month sheet, as long as each density of the paper allows."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app import words
from app.domain.lights import shown
from app.domain.months import Month
from app.domain.sheet_layout import DENSITIES, Block, Density, Layout, Line, fitted, shortened, title_em
from app.i18n import gettext as _
from app.queries.month_sheet import Awaited, MonthSheet, SheetRow

# Sections that are rows of the table, in the order of the paper; the others are paragraphs below it.
TABLES = ("overdue", "returned", "earlier", "due")
_NAMES_SHOWN = 4
_CIRCLED_ONE = 0x2460
_CIRCLED = 20


@dataclass(frozen=True, slots=True)
class SheetPages:
    """The laid out sheet; `plans` are those that occur, each with the mark that stands for it."""

    layout: Layout
    plans: Mapping[str, str]
    rows: Mapping[int, SheetRow]


def sheet_pages(sheet: MonthSheet, month: Month, today: date) -> SheetPages:
    everything = [*sheet.overdue, *sheet.returned, *sheet.earlier, *sheet.due, *sheet.coming, *sheet.standing]
    titles = {row.plan_code: row.plan_title for row in everything}
    marks = {code: _mark(place) for place, code in enumerate(titles)}
    worded = [(density, _blocks(sheet, _Wording(density, marks, titles, month, today))) for density in DENSITIES]
    plans = {marks[code]: title for code, title in titles.items()}
    return SheetPages(fitted(worded), plans, {row.id: row for row in everything})


def _mark(place: int) -> str:
    return chr(_CIRCLED_ONE + place) if place < _CIRCLED else f"({place + 1})"


@dataclass(frozen=True, slots=True)
class _Wording:
    density: Density
    marks: Mapping[str, str]
    titles: Mapping[str, str]
    month: Month
    today: date

    def line(self, row: SheetRow) -> Line:
        """The columns: task, role, demand, due, light."""
        return Line(row.id, (self.task(row), words.word(row.role), self.demand(row), self.due(row), self.light(row)))

    def task(self, row: SheetRow) -> str:
        text = f"{self.marks[row.plan_code]}{row.task_number} {row.task_title}"
        return shortened(text, title_em(self.density)) if self.density.brief else text

    def demand(self, row: SheetRow) -> str:
        if not self.density.demand:
            return shortened(row.phase, title_em(self.density, column=2))
        return shortened(row.expected or row.printed or row.phase, self.density.demand)

    def due(self, row: SheetRow) -> str:
        """Without the year where it is the month's."""
        if row.due is None or row.due.year != self.month.year:
            return words.day(row.due, weekday=False)
        return words.month_day(row.due.month, row.due.day)

    def light(self, row: SheetRow) -> str:
        seen = shown(
            row.state,
            row.due,
            self.today,
            risk=row.risk,
            late_days=row.late_days,
            reported=row.last_on is not None,
        )
        phrase = words.light_phrase(seen)
        light = words.word(seen.light)
        parts = [phrase] if phrase.startswith(light) else [light, phrase]
        return " ".join([*parts, _("已退回")] if seen.returned else parts).strip()

    def several(self, rows: Sequence[SheetRow]) -> str:
        if self.density.brief:
            return _("、").join(row.task_number for row in rows)
        return _("；").join(f"{row.task_number} {row.task_title}" for row in rows)

    def coming(self, rows: Sequence[SheetRow]) -> Line:
        told = {
            "day": words.day(rows[0].due),
            "plan": self.marks[rows[0].plan_code],
            "count": len(rows),
            "tasks": self.several(rows),
        }
        return Line(0, (_("%(day)s %(plan)s %(count)s项：%(tasks)s") % told,))

    def standing(self, rows: Sequence[SheetRow]) -> Line:
        review = rows[0].review or "01-01"
        told = {
            "day": words.month_day(int(review[:2]), int(review[3:])),
            "plan": self.marks[rows[0].plan_code],
            "count": len(rows),
            "tasks": self.several(rows),
        }
        return Line(0, (_("%(day)s检视 %(plan)s %(count)s项：%(tasks)s") % told,))

    def names(self, departments: Sequence[str]) -> str:
        if len(departments) <= _NAMES_SHOWN:
            return _("、").join(departments)
        told = {"names": _("、").join(departments[:_NAMES_SHOWN]), "count": len(departments)}
        return _("%(names)s等%(count)s个单位") % told

    def waits_for(self, awaited: Awaited) -> Line:
        told = {"task": self.task(awaited.row), "names": self.names(awaited.departments)}
        return Line(0, (_("%(task)s：等%(names)s填报") % told,))

    def awaited_by(self, awaited: Awaited) -> Line:
        told = {"task": self.task(awaited.row), "names": self.names(awaited.departments)}
        return Line(0, (_("%(task)s：%(names)s在等本单位填报") % told,))

    def plans(self) -> Line:
        told = _("；").join(f"{mark}{self.titles[code]}" for code, mark in self.marks.items())
        return Line(0, (told,))


def _blocks(sheet: MonthSheet, wording: _Wording) -> list[Block]:
    tables = [(name, [wording.line(row) for row in getattr(sheet, name)]) for name in TABLES]
    coming = _by(sheet.coming, lambda row: (row.due, row.plan_code))
    standing = _by(sheet.standing, lambda row: (row.review, row.plan_code))
    told = [
        ("waits_for", [wording.waits_for(awaited) for awaited in sheet.waits_for]),
        ("awaited_by", [wording.awaited_by(awaited) for awaited in sheet.awaited_by]),
        ("coming", [wording.coming(rows) for rows in coming]),
        ("standing", [wording.standing(rows) for rows in standing]),
        ("plans", [wording.plans()] if wording.marks else []),
    ]
    return [Block(name, lines) for name, lines in (*tables, *told) if lines]


def _by(rows: Sequence[SheetRow], key: Callable[[SheetRow], object]) -> list[list[SheetRow]]:
    groups: dict[object, list[SheetRow]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return list(groups.values())
