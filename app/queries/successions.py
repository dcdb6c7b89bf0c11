"""Successions of departments on record."""

from datetime import date

from sqlmodel import Session, col, select

from app.models import Succession


def successions_due(session: Session, region_id: int, today: date) -> bool:
    """Is there one whose day has come and whose obligations have not been moved yet?"""
    found = session.exec(
        select(Succession.id)
        .where(Succession.region_id == region_id, col(Succession.applied_at).is_(None), col(Succession.on) <= today)
        .limit(1)
    ).first()
    return found is not None
