"""Frozen weekly lists and what differs between them."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.clock import day_end
from app.domain.list_hash import list_sha256
from app.domain.overdue_change import Exit, exit_of
from app.domain.typed_day import parse_day
from app.domain.workflow import EventKind, State
from app.models import Account, ObligationEvent, OverdueList, OverdueRow
from app.queries.overdue import AsOf


@dataclass(frozen=True, slots=True)
class Changes:
    """What a list says beside the one before it (`before`, None for the first list).

    `rows` are the list's own, `fresh` those that are new. `gone` are rows of the list before, with what became of
    each by the list's own moment. `weeks` counts the lists in a row that hold an obligation.
    """

    before: OverdueList | None
    rows: Sequence[OverdueRow]
    fresh: Sequence[OverdueRow]
    gone: Sequence[tuple[OverdueRow, Exit]]
    weeks: dict[int, int]

    @property
    def cleared(self) -> list[OverdueRow]:
        """消除: everything that is gone but by an extension."""
        return [row for row, how in self.gone if how is not Exit.EXTENDED]

    @property
    def extended(self) -> list[OverdueRow]:
        """延期: not due any more, because a later date was granted."""
        return [row for row, how in self.gone if how is Exit.EXTENDED]

    @property
    def still(self) -> list[OverdueRow]:
        """仍逾期: on this list and on the one before."""
        return [row for row in self.rows if self.weeks[row.obligation_id] > 1]

    @property
    def exits(self) -> dict[Exit, int]:
        """How many went which way."""
        return dict(Counter(how for _row, how in self.gone))

    @property
    def weeks_held(self) -> dict[int, int]:
        """Of what is still overdue: lists in a row -> rows, the longest first."""
        return dict(sorted(Counter(self.weeks[row.obligation_id] for row in self.still).items(), reverse=True))


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


def list_as_of(region_id: int, day: date, *, today: date, zone: str, frozen: OverdueList | None) -> AsOf:
    """Today's as it stands now; a day with a `frozen` list as it was known at that moment, any other at its end.

    The list that is frozen on a day that is not over yet is shown from the next day on.
    """
    if day == today:
        return AsOf(region_id, today)
    return AsOf(region_id, day, frozen.cutoff if frozen else day_end(day, zone))


def frozen_list_of_week(session: Session, region_id: int, week: str) -> OverdueList | None:
    """`week` is YEAR-NUMBER (2024-38) or any day of the week (2024-11-18). None when there is no such list."""
    statement = select(OverdueList).where(OverdueList.region_id == region_id)
    numbered = re.fullmatch(r"(\d{4})-(\d{1,3})", week)
    if numbered:
        year, number = (int(part) for part in numbered.groups())
        return session.exec(statement.where(OverdueList.year == year, OverdueList.number == number)).one_or_none()
    day = parse_day(week)
    if day is None:
        return None
    try:
        monday = day - timedelta(days=day.weekday())
        sunday = monday + timedelta(days=6)
    except OverflowError:  # the first and the last week that a calendar holds
        return None
    return session.exec(
        statement.where(col(OverdueList.as_of).between(monday, sunday)).order_by(col(OverdueList.as_of)).limit(1)
    ).one_or_none()


def list_before(session: Session, frozen: OverdueList) -> OverdueList | None:
    return last_list(session, frozen.region_id, before=frozen.as_of)


def last_list(session: Session, region_id: int, *, before: date) -> OverdueList | None:
    """The newest list of an earlier day."""
    return session.exec(
        select(OverdueList)
        .where(OverdueList.region_id == region_id, col(OverdueList.as_of) < before)
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
        and frozen.sha256
        == list_sha256(
            previous, frozen.year, frozen.number, frozen.as_of, rows, audit=(frozen.audit_seq, frozen.audit_sha256)
        )
    )


def changes_since_last(session: Session, frozen: OverdueList) -> Changes:
    """By the events recorded until the list's moment, so that what comes later does not rewrite a comparison."""
    rows = {row.obligation_id: row for row in frozen_rows(session, frozen.id or 0)}
    before = list_before(session, frozen)
    last = {row.obligation_id: row for row in frozen_rows(session, before.id or 0)} if before else {}
    gone = {key: row for key, row in last.items() if key not in rows}
    exits = _exits(session, before, frozen) if before else {}
    return Changes(
        before=before,
        rows=list(rows.values()),
        fresh=[row for key, row in rows.items() if key not in last],
        gone=[(row, exits[key]) for key, row in gone.items()],
        weeks=_weeks(session, frozen, set(rows)),
    )


def _exits(session: Session, first: OverdueList, second: OverdueList) -> dict[int, Exit]:
    """What became of the rows of the first list that are not on the second."""
    held = select(OverdueRow.obligation_id).where(OverdueRow.list_id == second.id)
    gone = select(OverdueRow.obligation_id).where(
        OverdueRow.list_id == first.id, col(OverdueRow.obligation_id).not_in(held)
    )
    return _became(session, first, gone, until=second.cutoff)


def gone_since(session: Session, first: OverdueList, *, until: datetime) -> dict[int, Exit]:
    """What became of the rows of a list by that moment, whether they are gone or not."""
    rows = select(OverdueRow.obligation_id).where(OverdueRow.list_id == first.id)
    return _became(session, first, rows, until=until)


def _became(session: Session, first: OverdueList, gone: Any, *, until: datetime) -> dict[int, Exit]:
    states: dict[int, State] = {}
    kinds: dict[int, set[EventKind]] = defaultdict(set)
    for event in session.execute(
        select_columns(
            col(ObligationEvent.obligation_id),
            col(ObligationEvent.kind),
            col(ObligationEvent.state),
            col(ObligationEvent.recorded_at),
        )
        .where(col(ObligationEvent.obligation_id).in_(gone), col(ObligationEvent.recorded_at) < until)
        .order_by(col(ObligationEvent.obligation_id), col(ObligationEvent.seq))
    ):
        states[event.obligation_id] = event.state
        if event.recorded_at >= first.cutoff:
            kinds[event.obligation_id].add(event.kind)
    return {key: exit_of(state, kinds[key]) for key, state in states.items()}


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
