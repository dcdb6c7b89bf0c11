"""Frozen weekly lists and what differs between them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import Session, col, select

from app.domain.workflow import EventKind
from app.models import ObligationEvent, OverdueList, OverdueRow


@dataclass(frozen=True, slots=True)
class Changes:
    """Since the list before: `fresh` are new, `cleared` are gone, `weeks` counts the lists in a row that hold an obligation."""

    fresh: Sequence[OverdueRow]
    cleared: Sequence[OverdueRow]
    extended: Sequence[OverdueRow]
    weeks: dict[int, int]


def frozen_lists(session: Session, region_id: int, *, limit: int = 200) -> Sequence[OverdueList]:
    """Newest first."""
    return session.exec(
        select(OverdueList).where(OverdueList.region_id == region_id).order_by(col(OverdueList.as_of).desc()).limit(limit)
    ).all()


def frozen_list_of_day(session: Session, region_id: int, day: date) -> OverdueList | None:
    return session.exec(
        select(OverdueList).where(OverdueList.region_id == region_id, OverdueList.as_of == day)
    ).one_or_none()


def frozen_list_of_week(session: Session, region_id: int, week: str) -> OverdueList | None:
    """`week` is YEAR-NUMBER (2024-38) or any day of the week (2024-11-18). None when there is no such list."""
    statement = select(OverdueList).where(OverdueList.region_id == region_id)
    numbered = re.fullmatch(r"(\d{4})-(\d{1,3})", week)
    if numbered:
        year, number = (int(part) for part in numbered.groups())
        return session.exec(statement.where(OverdueList.year == year, OverdueList.number == number)).one_or_none()
    try:
        day = date.fromisoformat(week)
    except ValueError:
        return None
    monday = day - timedelta(days=day.weekday())
    return session.exec(
        statement.where(col(OverdueList.as_of).between(monday, monday + timedelta(days=6)))
        .order_by(col(OverdueList.as_of))
        .limit(1)
    ).one_or_none()


def list_before(session: Session, frozen: OverdueList) -> OverdueList | None:
    return session.exec(
        select(OverdueList)
        .where(OverdueList.region_id == frozen.region_id, col(OverdueList.as_of) < frozen.as_of)
        .order_by(col(OverdueList.as_of).desc())
        .limit(1)
    ).one_or_none()


def frozen_rows(session: Session, list_id: int) -> Sequence[OverdueRow]:
    return session.exec(
        select(OverdueRow).where(OverdueRow.list_id == list_id).order_by(col(OverdueRow.position))
    ).all()


def changes_since_last(session: Session, frozen: OverdueList) -> Changes:
    """Extended: gone from this list because its date was moved, with the row of the last list."""
    rows = {row.obligation_id: row for row in frozen_rows(session, frozen.id or 0)}
    before = list_before(session, frozen)
    last = {row.obligation_id: row for row in frozen_rows(session, before.id or 0)} if before else {}
    gone = [row for key, row in last.items() if key not in rows]
    moved = _extended_between(session, [row.obligation_id for row in gone], before, frozen) if before else set()
    return Changes(
        fresh=[row for key, row in rows.items() if key not in last],
        cleared=[row for row in gone if row.obligation_id not in moved],
        extended=[row for row in gone if row.obligation_id in moved],
        weeks=_weeks(session, frozen, set(rows)),
    )


def _extended_between(session: Session, keys: Sequence[int], first: OverdueList, second: OverdueList) -> set[int]:
    """By the events between the two lists, so that a later extension does not rewrite an old comparison."""
    return set(
        session.exec(
            select(ObligationEvent.obligation_id).where(
                col(ObligationEvent.obligation_id).in_(keys),
                ObligationEvent.kind == EventKind.EXTENDED,
                col(ObligationEvent.recorded_at) >= first.cutoff,
                col(ObligationEvent.recorded_at) < second.cutoff,
            )
        )
    )


def _weeks(session: Session, frozen: OverdueList, keys: set[int]) -> dict[int, int]:
    """How many lists in a row, this one included, hold each obligation."""
    lists = session.exec(
        select(OverdueList.id)
        .where(OverdueList.region_id == frozen.region_id, col(OverdueList.as_of) <= frozen.as_of)
        .order_by(col(OverdueList.as_of).desc())
        .limit(104)
    ).all()
    held: dict[int, set[int]] = {}
    for list_id, obligation_id in session.exec(
        select(OverdueRow.list_id, OverdueRow.obligation_id).where(col(OverdueRow.list_id).in_(lists))
    ):
        held.setdefault(list_id, set()).add(obligation_id)
    weeks = dict.fromkeys(keys, 0)
    alive = set(keys)
    for list_id in lists:
        alive &= held.get(list_id or 0, set())
        for key in alive:
            weeks[key] += 1
    return weeks
