"""Refolds the whole history and compares it with the rows: what `duban verify` finds."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session, col, select

from app.domain.list_hash import list_sha256
from app.domain.workflow import Happening, NotAllowed, Standing, apply, opening
from app.models import Evidence, Obligation, ObligationEvent, OverdueList, OverdueRow, ProgressUpdate

BATCH = 5_000


@dataclass(slots=True)
class Checked:
    """How much was looked at."""

    obligations: int = 0
    events: int = 0
    lists: int = 0
    rows: int = 0
    files: int = 0


def history_findings(session: Session, checked: Checked) -> Iterator[str]:
    """One sentence per obligation whose row is not what its events amount to. Reads in batches: memory stays flat."""
    last = 0
    while True:
        rows = session.exec(
            select(Obligation).where(col(Obligation.id) > last).order_by(col(Obligation.id)).limit(BATCH)
        ).all()
        if not rows:
            return
        first, last = rows[0].id or 0, rows[-1].id or 0
        events = session.exec(
            select(ObligationEvent)
            .where(col(ObligationEvent.obligation_id).between(first, last))
            .order_by(col(ObligationEvent.obligation_id), col(ObligationEvent.seq))
        ).all()
        told = {key: list(group) for key, group in groupby(events, key=lambda event: event.obligation_id)}
        newest = dict(
            session.execute(
                select(ProgressUpdate.obligation_id, ProgressUpdate.id)
                .where(col(ProgressUpdate.obligation_id).between(first, last))
                .order_by(col(ProgressUpdate.id))
            ).all()
        )
        for row in rows:
            checked.obligations += 1
            checked.events += len(told.get(row.id or 0, []))
            yield from _compare(row, told.pop(row.id or 0, []), newest.get(row.id or 0))
        for key in told:
            yield f"obligation {key}: has events but no row"
        session.expunge_all()


def _compare(row: Obligation, events: list[ObligationEvent], newest_update: int | None) -> Iterator[str]:
    where = f"obligation {row.id}"
    if not events:
        yield f"{where}: no event opens it"
        return
    standing: Standing | None = None
    for number, event in enumerate(events, start=1):
        if event.seq != number:
            yield f"{where}: event {number} is missing, {event.seq} stands in its place"
            return
        happening = _happening(event)
        try:
            standing = opening(happening) if standing is None else apply(standing, happening)
        except NotAllowed as error:
            yield f"{where}: event {number}: {error}"
            return
        said = (event.state, event.due, event.department_id, event.role, event.risk)
        folded = (standing.state, standing.due, standing.department_id, standing.role, standing.risk)
        if said != folded:
            yield f"{where}: event {number} says {said}, its history amounts to {folded}"
    assert standing is not None
    for name, value in asdict(standing).items():
        if getattr(row, name) != value:
            yield f"{where}: {name} is {getattr(row, name)!r}, its events amount to {value!r}"
    if row.revision != len(events):
        yield f"{where}: revision {row.revision}, but {len(events)} events"
    if row.last_update_id != newest_update:
        yield f"{where}: newest report is {newest_update}, the row says {row.last_update_id}"


def _happening(event: ObligationEvent) -> Happening:
    return Happening(
        event.kind, event.on, due=event.due, department_id=event.department_id, role=event.role, risk=event.risk
    )


def frozen_list_findings(session: Session, checked: Checked) -> Iterator[str]:
    """Rehashes every frozen list and follows the chain of each region."""
    previous: dict[int, str] = {}
    for frozen in session.exec(select(OverdueList).order_by(col(OverdueList.region_id), col(OverdueList.as_of))).all():
        checked.lists += 1
        where = f"overdue list {frozen.year}-{frozen.number} of region {frozen.region_id}"
        rows = session.execute(
            select(*OverdueRow.__table__.c)  # type: ignore[attr-defined]
            .where(OverdueRow.list_id == frozen.id)
            .order_by(col(OverdueRow.position))
        ).all()
        checked.rows += len(rows)
        if len(rows) != frozen.row_count:
            yield f"{where}: {len(rows)} rows, {frozen.row_count} were frozen"
        if frozen.previous_sha256 != previous.get(frozen.region_id, ""):
            yield f"{where}: the list before it is not the one it was chained to"
        values = [_values(row) for row in rows]
        head = (frozen.audit_seq, frozen.audit_sha256)
        actual = list_sha256(frozen.previous_sha256, frozen.year, frozen.number, frozen.as_of, values, audit=head)
        if actual != frozen.sha256:
            yield f"{where}: its rows were changed after it was frozen"
        previous[frozen.region_id] = frozen.sha256


def _values(row: Row[Any]) -> dict[str, Any]:
    return dict(row._mapping)  # noqa: SLF001 (SQLAlchemy's public name for it)


def evidence_hashes(session: Session) -> Iterator[tuple[str, int]]:
    """(sha256, size in bytes) of every file that a report refers to, each once."""
    for row in session.execute(select(Evidence.sha256, Evidence.size).distinct().order_by(col(Evidence.sha256))):
        yield row.sha256, row.size
