"""The days on which a region does not follow the national calendar."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from app.models import DayException


def local_days(session: Session, region_id: int) -> Sequence[DayException]:
    """All of them, by day: a region sets a few a year."""
    return session.exec(
        select(DayException).where(DayException.region_id == region_id).order_by(col(DayException.day))
    ).all()
