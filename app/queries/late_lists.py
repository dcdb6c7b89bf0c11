"""Lists of late that were made up, because nothing ran on their day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from app.models import OverdueList

LATELY = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class LateList:
    year: int
    number: int
    as_of: date


def late_lists(session: Session, region_id: int, before: date) -> Sequence[LateList]:
    """Of the four weeks before that day, oldest first."""
    found = session.execute(
        select_columns(col(OverdueList.year), col(OverdueList.number), col(OverdueList.as_of))
        .where(
            col(OverdueList.region_id) == region_id,
            col(OverdueList.late).is_(True),
            col(OverdueList.as_of) < before,
            col(OverdueList.as_of) >= before - LATELY,
        )
        .order_by(col(OverdueList.as_of))
    )
    return [LateList(*row) for row in found]
