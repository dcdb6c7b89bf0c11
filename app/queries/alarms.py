"""Alarms that stand, and those of the last time."""

from collections.abc import Sequence

from sqlalchemy import or_
from sqlmodel import Session, col, select

from app.models import Alarm

RECENT = 50


def open_alarms(session: Session) -> Sequence[Alarm]:
    """Of all regions, the oldest first."""
    return session.exec(select(Alarm).where(col(Alarm.cleared_at).is_(None)).order_by(col(Alarm.id))).all()


def alarms_seen_by(session: Session, region_id: int, *, limit: int = RECENT) -> Sequence[Alarm]:
    """A region's own and those of the whole installation, newest first."""
    return session.exec(
        select(Alarm)
        .where(or_(col(Alarm.region_id) == region_id, col(Alarm.region_id).is_(None)))
        .order_by(col(Alarm.raised_at).desc(), col(Alarm.id).desc())
        .limit(limit)
    ).all()
