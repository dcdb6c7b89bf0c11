"""Every frozen list told again from the events: what `duban verify` finds where the past was written anew."""

from collections.abc import Iterator, Sequence

from sqlmodel import Session, col, select

from app.domain.list_hash import SAID
from app.models import OverdueList, OverdueRow
from app.queries.overdue import OverdueItem, overdue_as_known
from app.queries.overdue_lists import frozen_rows


def known_then_findings(session: Session) -> Iterator[str]:
    """One sentence for each row that the history tells otherwise. One list at a time: memory stays flat."""
    for frozen in session.exec(select(OverdueList).order_by(col(OverdueList.region_id), col(OverdueList.as_of))).all():
        rows = frozen_rows(session, frozen.id or 0)
        known = overdue_as_known(session, frozen.region_id, frozen.as_of, cutoff=frozen.cutoff)
        where = f"overdue list {frozen.year}-{frozen.number} of region {frozen.region_id}"
        for difference in differences(rows, known):
            yield f"{where}: {difference}"


def differences(rows: Sequence[OverdueRow], known: Sequence[OverdueItem]) -> Iterator[str]:
    told = {item.obligation_id: item for item in known}
    for row in rows:
        item = told.pop(row.obligation_id, None)
        if item is None:
            yield f"obligation {row.obligation_id} was on it, by its events it was not overdue then"
            continue
        for name in SAID:
            frozen, now = str(getattr(row, name)), str(getattr(item, name))
            if frozen != now:
                yield f"obligation {row.obligation_id}: {name} was {frozen!r}, its events amount to {now!r}"
    for key in told:
        yield f"obligation {key} was not on it, by its events it was overdue then"
    shared = {item.obligation_id for item in known} & {row.obligation_id for row in rows}
    if [row.obligation_id for row in rows if row.obligation_id in shared] != [
        item.obligation_id for item in known if item.obligation_id in shared
    ]:
        yield "its rows stood in another order"
