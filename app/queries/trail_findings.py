"""Follows the chains of the audit trail from the first entry to the last: what `duban verify` finds of them.

Entries are read as they lie there, without asking whether they make sense: somebody may have changed them.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, String, Table, Text, cast, select, type_coerce
from sqlmodel import Session, col

from app.domain.audit import HASHED, entry_sha256, months_before
from app.models import AuditChain, AuditEntry, OverdueList, Region

BATCH = 2_000
SIX_MONTHS = 6

_ENTRY: Table = AuditEntry.__table__  # type: ignore[attr-defined]
_RAW = [
    cast(column, Text).label(column.name)
    if column.name == "changes"
    else type_coerce(column, String).label(column.name)
    if column.name in {"at", "channel", "action", "outcome"}
    else column
    for column in _ENTRY.columns
]


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry of a chain."""

    chain: int
    seq: int
    sha256: str


@dataclass(slots=True)
class TrailChecked:
    """How much was looked at. `first` and `last`: numbers of the entries that are there, by chain."""

    entries: int = 0
    heads: int = 0
    first: dict[int, int] = field(default_factory=dict)
    last: dict[int, Head] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shortened:
    """What the newest entry about shortening says: number and hash of the last entry removed, and when."""

    up_to: int = 0
    sha256: str = ""
    at: datetime | None = None


def trail_findings(session: Session, checked: TrailChecked, *, only: int | None = None) -> Iterator[str]:
    """One sentence for each entry that is not what was written. `only`: this chain alone. Memory stays flat."""
    heads = {
        row.id: Head(row.id, row.seq, row.sha256)
        for row in session.execute(select(AuditChain.id, AuditChain.seq, AuditChain.sha256))  # type: ignore[call-overload]
    }
    chains = heads.keys() | set(session.execute(select(_ENTRY.c.chain).distinct()).scalars())
    known = {0, *session.execute(select(col(Region.id))).scalars()}
    for chain in sorted(chains) if only is None else [only]:
        if chain not in known:
            yield f"audit chain {chain}: there is no such region"
        yield from _chain_findings(session, chain, heads.get(chain), checked)
    yield from _list_findings(session, checked, only)


def _chain_findings(session: Session, chain: int, head: Head | None, checked: TrailChecked) -> Iterator[str]:
    where = f"audit chain {chain}"
    shortened = newest_shortening(session, chain)
    expected, previous = shortened.up_to + 1, shortened.sha256
    for row in _entries(session, chain):
        checked.entries += 1
        seq = row.seq
        checked.first.setdefault(chain, seq)
        if not isinstance(seq, int) or seq < expected:
            yield f"{where}: entry {seq} has no place in it" + (
                f", everything up to {shortened.up_to} is said to be gone" if shortened.up_to else ""
            )
            continue
        if seq > expected:
            yield f"{where}: {_span(expected, seq - 1)} missing before entry {seq}"
        elif row.previous_sha256 != previous:
            yield f"{where}: entry {seq} does not follow on the entry {seq - 1} that is there"
        if _hash_of(row) != row.sha256:
            yield f"{where}: entry {seq} was changed after it was written"
        expected, previous = seq + 1, row.sha256
        checked.last[chain] = Head(chain, seq, row.sha256)
    yield from _head_findings(where, head, expected - 1, previous)


def _span(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"


def _head_findings(where: str, head: Head | None, last: int, sha256: str) -> Iterator[str]:
    if head is None and not last:
        return
    if head is None:
        yield f"{where}: nothing says which entry is its newest"
    elif head.seq > last:
        yield f"{where}: {_span(last + 1, head.seq)} missing at its end"
    elif head.seq < last:
        yield f"{where}: {_span(head.seq + 1, last)} there although entry {head.seq} is its newest"
    elif head.sha256 != sha256:
        yield f"{where}: entry {last} is not the one that was written as its newest"


def newest_shortening(session: Session, chain: int) -> Shortened:
    row = session.execute(
        select(*_RAW)
        .where(_ENTRY.c.chain == chain, _ENTRY.c.removed_up_to.is_not(None))
        .order_by(_ENTRY.c.removed_up_to.desc(), _ENTRY.c.seq.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return Shortened()
    try:
        said = json.loads(row.changes)[0]["sha256"]
    except (ValueError, LookupError, TypeError):
        said = "?"
    return Shortened(row.removed_up_to, said, _moment(row.at))


def _entries(session: Session, chain: int) -> Iterator[Row[Any]]:
    asked = select(*_RAW).where(_ENTRY.c.chain == chain).order_by(_ENTRY.c.seq).limit(BATCH)
    rows = session.execute(asked).all()
    while rows:
        yield from rows
        rows = session.execute(asked.where(_ENTRY.c.seq > rows[-1].seq)).all()


def _hash_of(row: Row[Any]) -> str | None:
    values = dict(row._mapping)  # noqa: SLF001 (SQLAlchemy's public name for it)
    try:
        values |= {"at": _moment(row.at), "changes": json.loads(row.changes)}
        return entry_sha256({name: values[name] for name in HASHED})
    except (ValueError, TypeError):
        return None


def _moment(value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    except ValueError:
        return None


def _list_findings(session: Session, checked: TrailChecked, only: int | None) -> Iterator[str]:
    """Whether the heads that were printed on weekly lists are entries of the chains as they are now."""
    asked = (
        select(OverdueList, _ENTRY.c.sha256.label("found"))
        .outerjoin(_ENTRY, (_ENTRY.c.chain == OverdueList.region_id) & (_ENTRY.c.seq == OverdueList.audit_seq))
        .where(col(OverdueList.audit_seq).is_not(None))
        .order_by(col(OverdueList.region_id), col(OverdueList.as_of))
    )
    if only is not None:
        asked = asked.where(col(OverdueList.region_id) == only)
    gone: dict[int, Shortened] = {}
    for frozen, there in session.execute(asked):
        checked.heads += 1
        where = f"overdue list {frozen.year}-{frozen.number} of region {frozen.region_id}"
        shortened = gone.setdefault(frozen.region_id, newest_shortening(session, frozen.region_id))
        seq = frozen.audit_seq
        found = there
        if there is None and seq <= shortened.up_to:
            found = shortened.sha256 if seq == shortened.up_to else frozen.audit_sha256
            if shortened.at is not None and frozen.frozen_at > months_before(shortened.at, SIX_MONTHS):
                yield f"{where}: entry {seq} of the audit chain, printed on it, was removed before its time"
        if found is None:
            yield f"{where}: entry {seq} of the audit chain, printed on it, is missing"
        elif found != frozen.audit_sha256:
            yield f"{where}: entry {seq} of the audit chain is not the one that is printed on it"


def trail_head(session: Session, chain: int) -> tuple[int | None, str]:
    """Number and hash of the newest entry; (None, "") where nothing has been told yet."""
    found = session.execute(select(col(AuditChain.seq), col(AuditChain.sha256)).where(col(AuditChain.id) == chain))
    head = found.one_or_none()
    return (head.seq, head.sha256) if head is not None and head.seq else (None, "")


def head_finding(session: Session, chain: int, seq: int, sha256: str) -> str | None:
    """What a paper says beside what is there: None when both agree. `sha256` may be the first signs of it."""
    shortened = newest_shortening(session, chain)
    found = session.execute(select(_ENTRY.c.sha256).where(_ENTRY.c.chain == chain, _ENTRY.c.seq == seq)).scalar()
    if found is None and seq == shortened.up_to:
        found = shortened.sha256
    if found is None and seq < shortened.up_to:
        return f"audit chain {chain}: entry {seq} was removed after its time, with all up to {shortened.up_to}"
    if found is None:
        return f"audit chain {chain}: there is no entry {seq}"
    if not found.startswith(sha256):
        return f"audit chain {chain}: entry {seq} is not the one on the paper, its hash is {found}"
    return None
