"""When what happens now counts as known: never before the cutoff of a list that is frozen already.

A change bears the moment its request began, and commits later. In between a weekly list may be frozen that does not
know of it; if the change kept its moment, the list of that day, asked for again, would differ from the frozen one.
"""

from datetime import datetime

from sqlalchemy.orm import SessionTransaction
from sqlmodel import Session, col, select

from app.models import OverdueList, Region

# Region -> the transaction that holds its lock, and the newest cutoff that was found behind it.
_HELD = "newest_cutoffs"


def recorded_moment(session: Session, region_id: int, now: datetime) -> datetime:
    """`now`, or the newest list's cutoff where that is later: a list takes in what was recorded before its cutoff.

    Asked once in a transaction, answered from then on: no list can be frozen until it ends.
    """
    hold_lists(session, region_id)
    _holder, cutoff = _held(session)[region_id]
    return now if cutoff is None else max(now, cutoff)


def hold_lists(session: Session, region_id: int) -> None:
    """From here until the end of the transaction nobody freezes a list of the region.

    To be called before anything of the region is written. Its foreign keys take the same lock, but behind the rows
    they stand in; who freezes, publishes or edits the register locks the region first and rows afterwards, and two who
    lock in opposite order wait for each other for ever.
    """
    current = session.get_nested_transaction() or session.get_transaction()
    holder = _held(session).get(region_id, (None, None))[0]
    # A lock that was taken within a savepoint is gone when that was rolled back.
    if holder is not None and holder in {current, session.get_transaction()}:
        return
    if session.get_bind().dialect.name != "sqlite":
        # FOR KEY SHARE: any number of us at once, and none beside a FOR UPDATE. SQLite has one writer anyway.
        session.exec(select(Region.id).where(Region.id == region_id).with_for_update(read=True, key_share=True)).one()
    # A statement of its own: one that waits for a lock goes on with what it saw before it waited.
    newest = (
        select(OverdueList.cutoff).where(OverdueList.region_id == region_id).order_by(col(OverdueList.as_of).desc())
    )
    note_cutoff(session, region_id, session.exec(newest.limit(1)).one_or_none())


def note_cutoff(session: Session, region_id: int, cutoff: datetime | None) -> None:
    """The newest cutoff, as who holds the region's lock found it or made it."""
    _held(session)[region_id] = (session.get_nested_transaction() or session.get_transaction(), cutoff)


def _held(session: Session) -> dict[int, tuple[SessionTransaction | None, datetime | None]]:
    held: dict[int, tuple[SessionTransaction | None, datetime | None]] = session.info.setdefault(_HELD, {})
    return held
