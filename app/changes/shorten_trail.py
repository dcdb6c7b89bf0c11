"""Takes away the entries of the audit trail whose time is over, from the beginning of a chain, and says so in it.

At least six months are kept (Cybersecurity Law, article 21); the triggers of the tables refuse anything else.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from app.domain.audit import Act, AuditAction, months_before
from app.models import AuditEntry
from app.trail import append_entry, locked_head

LEAST_MONTHS = 6
# The database reckons months in a zone of its own: some days more keep its trigger and us of one mind.
MARGIN = timedelta(days=4)


@dataclass(frozen=True, slots=True)
class Shortening:
    """What may go: entries `first` to `last`, the last of which has this hash."""

    first: int
    last: int
    sha256: str
    older_than: datetime


def entries_over(session: Session, chain: int, *, now: datetime, months: int) -> Shortening | None:
    """None when nothing is old enough. Only from the beginning: what stands behind a younger entry stays."""
    older_than = months_before(now.astimezone(UTC), max(months, LEAST_MONTHS)) - MARGIN
    seq, at = col(AuditEntry.seq), col(AuditEntry.at)
    of_chain = col(AuditEntry.chain) == chain
    first = session.execute(select(func.min(seq)).where(of_chain)).scalar()
    young = session.execute(select(func.min(seq)).where(of_chain, at >= older_than)).scalar()
    newest = session.execute(select(func.max(seq)).where(of_chain)).scalar()
    if first is None or newest is None:
        return None
    last = newest if young is None else young - 1
    if last < first:
        return None
    sha256 = session.execute(select(col(AuditEntry.sha256)).where(of_chain, seq == last)).scalar_one()
    return Shortening(first, last, sha256, older_than)


def shorten_trail(session: Session, act: Act, over: Shortening) -> None:
    """Of the act's chain, in the transaction of an entry that carries number and hash of the last one removed."""
    locked_head(session, act.chain)
    told: dict[str, Any] = {
        "table": "audit_entry",
        "removed": over.last - over.first + 1,
        "first": over.first,
        "last": over.last,
        "sha256": over.sha256,
        "older_than": over.older_than.isoformat(),
    }
    shortened = replace(act, action=AuditAction.TRAIL_SHORTENED, subject_table="audit_chain", subject_id=act.chain)
    append_entry(session, shortened, [told], removed_up_to=over.last)
    gone = delete(AuditEntry).where(col(AuditEntry.chain) == act.chain, col(AuditEntry.seq) <= over.last)
    session.execute(gone.execution_options(synchronize_session=False))
