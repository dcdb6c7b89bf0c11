"""What was decided on reports, and what happened behind a revision that somebody saw."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select as select_columns
from sqlalchemy import tuple_
from sqlmodel import Session, col, select

from app.domain.workflow import EventKind
from app.models import Account, ObligationEvent, Review
from app.models.review import ReviewDecision


@dataclass(frozen=True, slots=True)
class ReviewRow:
    decision: ReviewDecision
    reason: str
    reviewer: str
    recorded_at: datetime


def reviews_of(session: Session, obligation_id: int) -> list[ReviewRow]:
    """Newest first."""
    statement = (
        select(Review.decision, Review.reason, Account.name, Review.recorded_at)
        .join(Account, col(Account.id) == Review.reviewer_id)
        .where(Review.obligation_id == obligation_id)
        .order_by(col(Review.id).desc())
    )
    return [ReviewRow(*row) for row in session.execute(statement)]


_MOST_EVENTS = 2**31 - 1  # a revision beyond it is forged, and no number to compare with


@dataclass(frozen=True, slots=True)
class Happened:
    """What followed on the revision that somebody saw, by whom (None: the system)."""

    obligation_id: int
    kind: EventKind
    reason: str
    actor_id: int | None
    actor: str | None
    recorded_at: datetime


def happened_after(session: Session, seen: Mapping[int, int]) -> dict[int, Happened]:
    """By obligation: the first event behind the revision that was seen; those without one are left out."""
    statement = (
        select_columns(
            col(ObligationEvent.obligation_id),
            col(ObligationEvent.kind),
            col(ObligationEvent.reason),
            col(ObligationEvent.actor_id),
            col(Account.name),
            col(ObligationEvent.recorded_at),
        )
        .outerjoin(Account, col(Account.id) == ObligationEvent.actor_id)
        .where(
            tuple_(col(ObligationEvent.obligation_id), col(ObligationEvent.seq)).in_(
                [(key, revision + 1) for key, revision in seen.items() if revision < _MOST_EVENTS]
            )
        )
    )
    return {row.obligation_id: row for row in (Happened(*found) for found in session.execute(statement))}
