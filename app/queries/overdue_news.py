"""How far the history of the obligations on a list had come by the list's moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.domain.workflow import EventKind
from app.models import ObligationEvent

_CHUNK = 5_000  # SQLite takes 32 766 values in one statement


@dataclass(frozen=True, slots=True)
class Standpoint:
    """`revision`: the last event that was known; `reason`: that of the last return, if there was one."""

    revision: int
    reason: str = ""


def standpoints(session: Session, obligation_ids: Sequence[int], *, before: datetime) -> dict[int, Standpoint]:
    """By obligation, from the events recorded before that moment."""
    found: dict[int, Standpoint] = {}
    for start in range(0, len(obligation_ids), _CHUNK):
        chunk = obligation_ids[start : start + _CHUNK]
        known = (col(ObligationEvent.obligation_id).in_(chunk), col(ObligationEvent.recorded_at) < before)
        reasons: dict[int, str] = dict(
            session.exec(
                select(ObligationEvent.obligation_id, ObligationEvent.reason)
                .where(*known, ObligationEvent.kind == EventKind.RETURNED)
                .order_by(col(ObligationEvent.obligation_id), col(ObligationEvent.seq))
            ).all()
        )
        for obligation_id, revision in session.exec(
            select(ObligationEvent.obligation_id, func.max(ObligationEvent.seq))
            .where(*known)
            .group_by(col(ObligationEvent.obligation_id))
        ):
            found[obligation_id] = Standpoint(revision, reasons.get(obligation_id, ""))
    return found
