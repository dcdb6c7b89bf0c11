"""The secretariat decides what a doubtful passage of a plan means, or takes its decision back."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.i18n import officially
from app.models import NoteDecision, SourceNote

LIMIT = 2_000  # the column's length
NOTED = "noted"  # what is listed explains, and there is nothing to choose


def decide_note(
    session: Session, note: SourceNote, *, reading: int | str | None, text: str, seen: int, by: int, now: datetime
) -> NoteDecision:
    """`reading`: the place of the one that holds, with `text` as the reason; None: `text` itself is the decision;
    NOTED: the readings are remarks and exclude nothing, `text` may be empty.

    The reading, or the sentence that stands for NOTED, is the first line of the decision, `text` follows below it.
    `seen` is the newest decision that the form knew, 0 for none. Raises Invalid, or Overtaken when somebody decided
    meanwhile.
    """
    first = _first_line(note, reading)
    if not text and reading != NOTED:
        sentence = _("请写明核定意见。") if reading is None else _("请写明采用这种读法的理由。")
        raise Invalid({"text": sentence})
    decision = "\n".join(part for part in (first, text) if part)
    if len(decision) > LIMIT:
        room = LIMIT - (len(decision) - len(text))
        raise Invalid({"text": _("不得超过%(limit)s字，现有%(count)s字。") % {"limit": room, "count": len(text)}})
    return _write(session, note, decision, seen=seen, by=by, now=now)


def _first_line(note: SourceNote, reading: int | str | None) -> str:
    """In the words of the document or in the official language; empty for a sentence of its own. Raises Invalid."""
    if reading is None:
        return ""
    if reading == NOTED:
        with officially():
            return _("所列均属说明，知悉即可")
    if not isinstance(reading, int) or not 0 <= reading < len(note.readings):
        raise Invalid({"reading": _("请选择一种读法，或选“知悉即可”“另行表述”。")})
    return note.readings[reading]


def take_back_decision(session: Session, note: SourceNote, *, seen: int, by: int, now: datetime) -> NoteDecision:
    """The note is open again; what had been decided stays readable. Raises Overtaken."""
    if not note.decision:
        raise Overtaken(_("此处的核定已经撤回。"))
    return _write(session, note, "", seen=seen, by=by, now=now)


def _write(session: Session, note: SourceNote, text: str, *, seen: int, by: int, now: datetime) -> NoteDecision:
    """Guarded twice: by the newest decision, and by the row as it was read for two at the same moment."""
    newest = session.exec(select(func.max(NoteDecision.id)).where(NoteDecision.note_id == note.id)).one()
    values: dict[str, Any] = {
        "decision": text,
        "decided_by": by if text else None,
        "decided_at": now if text else None,
    }
    as_read = col(SourceNote.decided_at).is_not_distinct_from(note.decided_at)
    claim = update(SourceNote).where(col(SourceNote.id) == note.id, as_read)
    if (newest or 0) != seen or session.exec(claim.values(**values)).rowcount != 1:
        raise Overtaken(_("此处已由他人先行核定，您的意见未保存，请对照现行核定再定。"))
    decided = NoteDecision(note_id=note.id or 0, text=text, decided_by=by, decided_at=now)
    session.add(decided)
    session.flush()
    return decided
