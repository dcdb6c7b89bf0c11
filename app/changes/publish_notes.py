"""The source notes of a plan that is being published."""

from sqlalchemy import func
from sqlmodel import select

from app.changes.publication import Work
from app.drafts.plan_draft import PlanDraft
from app.models import SourceNote


def publish_notes(work: Work, draft: PlanDraft) -> None:
    """Notes that were decided keep their decision as long as they say the same."""
    session, plan_id = work.session, work.plan.id or 0
    known = {
        (note.about, tuple(note.lines), tuple(note.readings)): note
        for note in session.exec(select(SourceNote).where(SourceNote.plan_id == plan_id))
    }
    highest = session.exec(select(func.max(SourceNote.position)).where(SourceNote.plan_id == plan_id)).one()
    offset = 0 if highest is None else highest + 1
    for position, given in enumerate(draft.source_notes, start=offset):  # behind the old ones: only the order counts
        key = (given.about, tuple(given.lines), tuple(given.readings))
        note = known.pop(key, None) or SourceNote(
            plan_id=plan_id, position=position, about=given.about, lines=given.lines, readings=given.readings
        )
        note.position = position
        session.add(note)
    for stale in known.values():
        session.delete(stale)
    session.flush()
