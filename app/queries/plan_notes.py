"""The source notes of a plan: in reading order, with what was decided on each, found by subject and words."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from app.models import Account, Area, Department, DepartmentGroup, Indicator, NoteDecision, Plan, SourceNote, Task

PAGE = 25

# What a note may be about, in the order in which pages show it.
NOUNS = ("plan", "area", "task", "indicator", "department", "group")


@dataclass(frozen=True, slots=True)
class Decision:
    """`text` is empty where an earlier decision was taken back."""

    id: int
    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Subject:
    """`key` is its number or name, `title` what the plan calls it, `department_id` that of a department."""

    noun: str
    key: str
    title: str = ""
    department_id: int | None = None

    @property
    def about(self) -> str:
        return f"{self.noun}:{self.key}" if self.key else self.noun


@dataclass(frozen=True, slots=True)
class Note:
    """`decisions` oldest first: everything that was ever decided on it; `decision` is what is in force."""

    id: int
    subject: Subject
    lines: Sequence[int]
    readings: Sequence[str]
    decision: str
    decisions: Sequence[Decision]

    @property
    def last(self) -> Decision | None:
        return self.decisions[-1] if self.decisions else None

    @property
    def seen(self) -> int:
        """What a form says it has seen; 0: nothing was decided yet."""
        return self.last.id if self.last else 0

    @property
    def chosen(self) -> int | None:
        """The place of the reading that was chosen; None where the decision is a sentence of its own."""
        first = self.decision.partition("\n")[0]
        return self.readings.index(first) if self.decision and first in self.readings else None

    @property
    def said(self) -> str:
        """The decision without the reading that it chose."""
        return self.decision if self.chosen is None else self.decision.partition("\n")[2]


@dataclass(frozen=True, slots=True)
class NotesWanted:
    """Empty: all. `open`: those that wait for a decision, or those that were decided."""

    open: bool | None = None
    noun: str = ""
    about: str = ""
    words: str = ""


def notes_about(session: Session, plan_id: int, about: str) -> list[Note]:
    """Those on one thing, in the order of the document."""
    return _found(session, plan_id, col(SourceNote.about) == about)


def notes_on(session: Session, plan_id: int, noun: str) -> list[Note]:
    """All on things of one kind, in the order of the document."""
    return _found(session, plan_id, col(SourceNote.about).startswith(f"{noun}:", autoescape=True))


def _found(session: Session, plan_id: int, condition: ColumnElement[bool]) -> list[Note]:
    rows = session.exec(
        select(SourceNote).where(SourceNote.plan_id == plan_id, condition).order_by(col(SourceNote.position))
    ).all()
    decisions = _decisions(session, plan_id)
    found = []
    for row in rows:
        noun, _colon, key = row.about.partition(":")
        found.append(_note(row, Subject(noun, key), decisions))
    return found


def notes_of_plan(session: Session, plan: Plan) -> list[Note]:
    """The plan itself first, then its areas, tasks and indicators in the order of the document."""
    plan_id = plan.id or 0
    known = _subjects(session, plan)
    order = {about: place for place, about in enumerate(known)}
    decisions = _decisions(session, plan_id)
    notes = []
    for row in session.exec(select(SourceNote).where(SourceNote.plan_id == plan_id).order_by(col(SourceNote.position))):
        noun, _colon, key = row.about.partition(":")
        notes.append(_note(row, known.get(row.about, Subject(noun, key)), decisions))
    return sorted(
        notes,
        key=lambda note: (
            NOUNS.index(note.subject.noun),
            order.get(note.subject.about, len(order)),
            note.subject.about,
        ),
    )


def matching(notes: Sequence[Note], wanted: NotesWanted) -> list[Note]:
    """In the order they are given; words are found in readings, subject and decision."""
    words = wanted.words.casefold()
    found = []
    for note in notes:
        subject = note.subject
        if wanted.open is not None and wanted.open is bool(note.decision):
            continue
        if (wanted.noun and subject.noun != wanted.noun) or (wanted.about and subject.about != wanted.about):
            continue
        text = "\n".join((*note.readings, subject.key, subject.title, note.decision))
        if words in text.casefold():
            found.append(note)
    return found


def page_after(notes: Sequence[Note], shown: Sequence[Note], after: int | None) -> list[Note]:
    """Those of `shown` that come behind the note `after`, which itself need not match any more; of all `notes`."""
    if after is None:
        return list(shown)
    ids = [note.id for note in notes]
    behind = set(ids[ids.index(after) + 1 :]) if after in ids else set()
    return [note for note in shown if note.id in behind]


def next_open(notes: Sequence[Note], decided: int) -> Note | None:
    """The next one behind it that waits for a decision; at the end one begins anew from the top."""
    ids = [note.id for note in notes]
    place = ids.index(decided) if decided in ids else 0
    return next((note for note in (*notes[place + 1 :], *notes[:place]) if not note.decision), None)


def _note(row: SourceNote, subject: Subject, decisions: Mapping[int, Sequence[Decision]]) -> Note:
    return Note(row.id or 0, subject, row.lines, row.readings, row.decision, decisions.get(row.id or 0, ()))


def _decisions(session: Session, plan_id: int) -> Mapping[int, Sequence[Decision]]:
    found: dict[int, list[Decision]] = defaultdict(list)
    for note_id, *rest in session.execute(
        select(NoteDecision.note_id, NoteDecision.id, NoteDecision.text, Account.name, NoteDecision.decided_at)  # type: ignore[call-overload]
        .join(Account, col(Account.id) == NoteDecision.decided_by)
        .join(SourceNote, col(SourceNote.id) == NoteDecision.note_id)
        .where(SourceNote.plan_id == plan_id)
        .order_by(col(NoteDecision.id))
    ):
        found[note_id].append(Decision(*rest))
    return found


def _subjects(session: Session, plan: Plan) -> dict[str, Subject]:
    """By what a note calls them, in the order of the document."""
    found: list[Subject] = []
    for noun, table, title in (
        ("area", Area, Area.title),
        ("task", Task, Task.title),
        ("indicator", Indicator, Indicator.name),
    ):
        found += [
            Subject(noun, number, name)
            for number, name in session.execute(
                select(table.number, title).where(table.plan_id == plan.id).order_by(col(table.position))
            )
        ]
    found += [
        Subject("department", name, name, key)
        for key, name in session.execute(
            select(Department.id, Department.name)
            .where(Department.region_id == plan.region_id)
            .order_by(col(Department.position))
        )
    ]
    found += [
        Subject("group", name, name)
        for name in session.exec(select(DepartmentGroup.name).where(DepartmentGroup.region_id == plan.region_id))
    ]
    return {subject.about: subject for subject in found}
