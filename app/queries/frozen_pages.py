"""Frozen lists and their rows key by key."""

from collections.abc import Sequence
from datetime import date

from sqlmodel import Session, col, select

from app.models import Account, OverdueList, OverdueRow
from app.queries.overdue_lists import FrozenList


def lists_before(
    session: Session, region_id: int, *, before: date | None = None, year: int | None = None, limit: int
) -> list[FrozenList]:
    """Newest first, those of a day before `before`."""
    statement = (
        select(OverdueList, Account.name)
        .outerjoin(Account, col(Account.id) == OverdueList.frozen_by)
        .where(OverdueList.region_id == region_id)
    )
    if before is not None:
        statement = statement.where(col(OverdueList.as_of) < before)
    if year is not None:
        statement = statement.where(OverdueList.year == year)
    return [FrozenList(*row) for row in session.execute(statement.order_by(col(OverdueList.as_of).desc()).limit(limit))]


def frozen_rows_after(session: Session, list_id: int, *, after: int | None, limit: int) -> Sequence[OverdueRow]:
    """In the order of the list, those behind the position `after`."""
    statement = select(OverdueRow).where(OverdueRow.list_id == list_id)
    if after is not None:
        statement = statement.where(col(OverdueRow.position) > after)
    return session.exec(statement.order_by(col(OverdueRow.position)).limit(limit)).all()
