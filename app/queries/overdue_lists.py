"""Frozen weekly lists and what differs between them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import Session, col, select

from app.domain.list_hash import list_sha256
from app.domain.workflow import EventKind
from app.models import Account, ObligationEvent, OverdueList, OverdueRow


@dataclass(frozen=True, slots=True)
class Changes:
    """What a list says beside the one before it (`before`, None for the first list).

    `rows` are the list's own; `fresh` are new, `cleared` are gone, `extended` are gone because their date was moved;
    `weeks` counts the lists in a row that hold an obligation.
    """

    before: OverdueList | None
    rows: Sequence[OverdueRow]
    fresh: Sequence[OverdueRow]
    cleared: Sequence[OverdueRow]
    extended: Sequence[OverdueRow]
    weeks: dict[int, int]


PAGE = 50


@dataclass(frozen=True, slots=True)
class FrozenList:
    """A list with the name of who froze it; None when the worker did."""

    frozen: OverdueList
    by: str | None


@dataclass(frozen=True, slots=True)
class FrozenPage:
    """`before` asks for the lists before that day; None on the last page."""

    lists: Sequence[FrozenList]
    before: date | None


def frozen_lists(session: Session, region_id: int, *, before: date | None = None, limit: int = PAGE) -> FrozenPage:
    """Newest first."""
    statement = (
        select(OverdueList, Account.name)
        .outerjoin(Account, col(Account.id) == OverdueList.frozen_by)
        .where(OverdueList.region_id == region_id)
        .order_by(col(OverdueList.as_of).desc())
        .limit(limit + 1)
    )
    if before is not None:
        statement = statement.where(col(OverdueList.as_of) < before)
    lists = [FrozenList(*row) for row in session.execute(statement)]
    return FrozenPage(lists[:limit], lists[limit - 1].frozen.as_of if len(lists) > limit else None)


def freezer_name(session: Session, frozen: OverdueList) -> str | None:
    if frozen.frozen_by is None:
        return None
    return session.exec(select(Account.name).where(Account.id == frozen.frozen_by)).one_or_none()


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


def is_intact(frozen: OverdueList, changes: Changes) -> bool:
    """Whether the rows still amount to the list's hash, and the list still follows on the one before it."""
    previous = changes.before.sha256 if changes.before else ""
    rows = [row.model_dump() for row in changes.rows]
    return (
        frozen.previous_sha256 == previous
        and frozen.row_count == len(rows)
        and frozen.sha256 == list_sha256(previous, frozen.year, frozen.number, frozen.as_of, rows)
    )


def changes_since_last(session: Session, frozen: OverdueList) -> Changes:
    """Extended: gone from this list because its date was moved, with the row of the last list."""
    rows = {row.obligation_id: row for row in frozen_rows(session, frozen.id or 0)}
    before = list_before(session, frozen)
    last = {row.obligation_id: row for row in frozen_rows(session, before.id or 0)} if before else {}
    gone = [row for key, row in last.items() if key not in rows]
    moved = _extended_between(session, [row.obligation_id for row in gone], before, frozen) if before else set()
    return Changes(
        before=before,
        rows=list(rows.values()),
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
    own = select(OverdueRow.obligation_id).where(OverdueRow.list_id == frozen.id)
    for holder, obligation_id in session.exec(
        select(OverdueRow.list_id, OverdueRow.obligation_id).where(
            col(OverdueRow.list_id).in_(lists), col(OverdueRow.obligation_id).in_(own)
        )
    ):
        held.setdefault(holder, set()).add(obligation_id)
    weeks = dict.fromkeys(keys, 0)
    alive = set(keys)
    for list_id in lists:
        alive &= held.get(list_id or 0, set())
        for key in alive:
            weeks[key] += 1
    return weeks
