"""The source notes of a plan: everybody reads them, the secretariat decides what holds."""

from dataclasses import dataclass, field
from itertools import groupby

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import note_for_deciding, note_for_reading, plan_for_reading
from app.changes.decide_note import NOTED, decide_note, take_back_decision
from app.errors import DubanError, Invalid, Overtaken
from app.models import Plan
from app.queries.plan_notes import NOUNS, PAGE, matching, next_open, notes_of_plan, page_after
from app.rendering import is_htmx, page
from app.routers.dependencies import (
    DbSession,
    Form,
    Now,
    RowId,
    SignedInViewer,
    Typed,
    see_other,
)
from app.routers.note_question import AskedFor, AskedNotes, address_of, read_id, understood, within

router = APIRouter()


@dataclass(frozen=True, slots=True)
class NoteForm:
    """As typed; `reading` is a place among the readings, "noted" or "own"."""

    reading: str = ""
    text: str = ""
    faults: dict[str, str] = field(default_factory=dict)
    conflict: str = ""


@router.get("/plans/{code}/notes")
def notes(request: Request, session: DbSession, viewer: SignedInViewer, *, code: str, asked: AskedFor) -> Response:
    plan = plan_for_reading(session, viewer, code)
    every = notes_of_plan(session, plan)
    wanted, faults = understood(asked, every)
    found = matching(every, wanted)
    behind = page_after(every, found, read_id(asked.after))
    rows = behind[:PAGE]
    decided = read_id(asked.decided)
    following = next_open(within(every, wanted), decided) if decided else None
    return page(
        request,
        "plans/notes.html",
        status=422 if faults else 200,
        plan=plan,
        asked=asked,
        faults=faults,
        nouns=[noun for noun in NOUNS if any(note.subject.noun == noun for note in every)],
        total=len(every),
        open=sum(1 for note in every if not note.decision),
        count=len(found),
        subject=next((note.subject for note in every if note.subject.about == asked.about), None),
        groups=[(subject, list(own)) for subject, own in groupby(rows, lambda note: note.subject)],
        after=rows[-1].id if len(behind) > PAGE else None,
        decided=decided,
        following=following,
        form=NoteForm(),
        alone=False,
        told=False,
    )


@router.get("/plans/{code}/notes/{note_id}")
def one(
    request: Request, session: DbSession, viewer: SignedInViewer, *, code: str, note_id: RowId, asked: AskedFor
) -> Response:
    plan, row = note_for_reading(session, viewer, code, note_id)
    return _show(request, session, plan, row.id or 0, asked, NoteForm())


def _show(
    request: Request, session: Session, plan: Plan, note_id: int, asked: AskedNotes, form: NoteForm, status: int = 200
) -> Response:
    """The note alone: a part for htmx, a page otherwise."""
    every = notes_of_plan(session, plan)
    note = next(note for note in every if note.id == note_id)
    template = "plans/_note.html" if is_htmx(request) else "plans/note.html"
    return page(
        request,
        template,
        status=status,
        plan=plan,
        note=note,
        asked=asked,
        form=form,
        alone=not is_htmx(request),
        told=False,
    )


def _refused(
    request: Request,
    session: Session,
    plan_id: int,
    note_id: int,
    asked: AskedNotes,
    typed: Typed,
    error: DubanError,
) -> Response:
    """The same form with what was typed: 422 with sentences, or 409 beside what the other one decided."""
    session.rollback()
    plan = session.get_one(Plan, plan_id)
    faults = {f"{name}-{note_id}": text for name, text in error.fields.items()} if isinstance(error, Invalid) else {}
    conflict = "" if isinstance(error, Invalid) else error.message
    form = NoteForm(typed.text("reading"), typed.text("text"), faults, conflict)
    return _show(request, session, plan, note_id, asked, form, status=409 if conflict else 422)


def _reading(typed: Typed) -> int | str | None:
    """As the change takes it; -1, which no reading has, where nothing was chosen."""
    chosen = typed.text("reading")
    if chosen == "own":
        return None
    if chosen == NOTED:
        return NOTED
    place = typed.number("reading")
    return -1 if place is None else place


@router.post("/plans/{code}/notes/{note_id}")
def decide(
    *,
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    code: str,
    note_id: RowId,
    asked: AskedFor,
    typed: Form,
    now: Now,
) -> Response:
    plan, row = note_for_deciding(session, viewer, code, note_id)
    plan_id = plan.id or 0
    try:
        decide_note(
            session,
            row,
            reading=_reading(typed),
            text=typed.text("text"),
            seen=typed.number("seen") or 0,
            by=viewer.account_id,
            now=now,
        )
    except (Invalid, Overtaken) as error:
        return _refused(request, session, plan_id, note_id, asked, typed, error)
    every = notes_of_plan(session, plan)
    wanted, _faults = understood(asked, every)
    following = next_open(within(every, wanted), note_id)
    address = address_of(plan, every, wanted, asked, following)
    if not is_htmx(request):
        return see_other(address.replace("#", f"{'&' if '?' in address else '?'}decided={note_id}#"))
    return page(
        request,
        "plans/_decided.html",
        plan=plan,
        note=next(note for note in every if note.id == note_id),
        asked=asked,
        form=NoteForm(),
        alone=False,
        told=True,
        following=following,
        address=address,
        total=len(every),
        open=sum(1 for note in every if not note.decision),
    )


@router.post("/plans/{code}/notes/{note_id}/take-back")
def take_back(
    *,
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    code: str,
    note_id: RowId,
    asked: AskedFor,
    typed: Form,
    now: Now,
) -> Response:
    plan, row = note_for_deciding(session, viewer, code, note_id)
    plan_id = plan.id or 0
    try:
        take_back_decision(session, row, seen=typed.number("seen") or 0, by=viewer.account_id, now=now)
    except Overtaken as error:
        return _refused(request, session, plan_id, note_id, asked, typed, error)
    if not is_htmx(request):
        return see_other(
            f"/plans/{plan.code}/notes/{note_id}" + (f"?{asked.place}" if asked.place else ""), "note-open"
        )
    every = notes_of_plan(session, plan)
    return page(
        request,
        "plans/_decided.html",
        plan=plan,
        note=next(note for note in every if note.id == note_id),
        asked=asked,
        form=NoteForm(),
        alone=False,
        told=True,
        following=None,
        address="",
        total=len(every),
        open=sum(1 for note in every if not note.decision),
    )
