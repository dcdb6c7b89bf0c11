"""How each of several frozen lists differs from the one before it, in figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Subquery, and_, func
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.domain.workflow import WAITING_FOR_DEPARTMENT, EventKind
from app.models import ObligationEvent, OverdueList, OverdueRow


@dataclass(frozen=True, slots=True)
class Movement:
    """Rows since the list before, as `overdue_lists.Changes` counts them."""

    fresh: int
    cleared: int
    extended: int
    still: int


def series(session: Session, lists: Sequence[OverdueList]) -> dict[int, Movement]:
    """By list; a region's first one has nothing to be compared with. Three statements, however many lists."""
    if not lists:
        return {}
    pairs = _pairs([frozen.id or 0 for frozen in lists])
    still = _still(session, pairs)
    extended = _extended(session, pairs)
    found = {}
    for pair in session.execute(select_columns(pairs)):
        held, moved = still.get(pair.id, 0), extended.get(pair.id, 0)
        found[pair.id] = Movement(pair.row_count - held, pair.before_count - held - moved, moved, held)
    return found


def _pairs(wanted: Sequence[int]) -> Subquery:
    """Each list beside the one before it."""
    before, earlier = aliased(OverdueList), aliased(OverdueList)
    last_day = (
        select(func.max(earlier.as_of))
        .where(earlier.region_id == OverdueList.region_id, col(earlier.as_of) < OverdueList.as_of)
        .correlate(OverdueList)
        .scalar_subquery()
    )
    return (
        select_columns(
            col(OverdueList.id),
            col(OverdueList.row_count),
            col(OverdueList.cutoff),
            col(before.id).label("before_id"),
            col(before.row_count).label("before_count"),
            col(before.cutoff).label("before_cutoff"),
        )
        .join(before, and_(col(before.region_id) == OverdueList.region_id, col(before.as_of) == last_day))
        .where(col(OverdueList.id).in_(wanted))
        .subquery()
    )


def _on_the_list(pairs: Subquery, last: Any) -> Any:
    """The row of the list before, `last`, stands on the list, too."""
    same = aliased(OverdueRow)
    return select(same.id).where(same.list_id == pairs.c.id, same.obligation_id == last.obligation_id).exists()


def _count(session: Session, pairs: Subquery, last: Any, *conditions: Any) -> dict[int, int]:
    """Rows of the lists before, by the list behind them."""
    counted = session.execute(
        select_columns(pairs.c.id, func.count())
        .join(last, last.list_id == pairs.c.before_id)
        .where(*conditions)
        .group_by(pairs.c.id)
    )
    return {row[0]: row[1] for row in counted}


def _still(session: Session, pairs: Subquery) -> dict[int, int]:
    last = aliased(OverdueRow)
    return _count(session, pairs, last, _on_the_list(pairs, last))


def _extended(session: Session, pairs: Subquery) -> dict[int, int]:
    """Gone with an extension between the two lists, and still open at the later one: `overdue_change.exit_of`."""
    last, granted, newest, later = (
        aliased(OverdueRow),
        aliased(ObligationEvent),
        aliased(ObligationEvent),
        aliased(ObligationEvent),
    )
    was_extended = (
        select(granted.id)
        .where(
            granted.obligation_id == last.obligation_id,
            granted.kind == EventKind.EXTENDED,
            col(granted.recorded_at) >= pairs.c.before_cutoff,
            col(granted.recorded_at) < pairs.c.cutoff,
        )
        .exists()
    )
    last_event = (
        select(func.max(later.seq))
        .where(later.obligation_id == last.obligation_id, col(later.recorded_at) < pairs.c.cutoff)
        .correlate(last, pairs)
        .scalar_subquery()
    )
    was_open = (
        select(newest.id)
        .where(
            newest.obligation_id == last.obligation_id,
            newest.seq == last_event,
            col(newest.state).in_(WAITING_FOR_DEPARTMENT),
        )
        .correlate(last, pairs)
        .exists()
    )
    return _count(session, pairs, last, ~_on_the_list(pairs, last), was_extended, was_open)
