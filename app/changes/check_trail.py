"""Follows a whole chain of the audit trail and puts into it what was found.

So its page can say how things stand without following it each time.
"""

from dataclasses import dataclass

from sqlmodel import Session

from app.db import Database
from app.domain.audit import ActResult, AuditAction
from app.i18n import gettext as _
from app.i18n import ngettext, officially
from app.queries.trail_findings import TrailChecked, trail_findings
from app.row_words import CHECK
from app.trail import ActMaker, note, tell

NAMED = 3  # findings that the entry itself says; `duban verify` says all


@dataclass(frozen=True, slots=True)
class TrailCheck:
    """Entries `first` to `last` were there; `findings` is empty when the chain is whole."""

    first: int
    last: int
    sha256: str
    findings: list[str]


def follow_trail(session: Session, chain: int) -> TrailCheck:
    """Some ten thousand entries a second; reads only."""
    checked = TrailChecked()
    findings = list(trail_findings(session, checked, only=chain))
    head = checked.last.get(chain)
    return TrailCheck(checked.first.get(chain, 0), head.seq if head else 0, head.sha256 if head else "", findings)


@officially()
def record_check(session: Session, chain: int, check: TrailCheck) -> None:
    """The session's act becomes the check."""
    findings = check.findings
    whole = _("第%(first)s至%(last)s条，链完整。") % {"first": check.first, "last": check.last}
    count = len(findings)
    broken = ngettext("发现差异%(count)s处：%(findings)s", "发现差异%(count)s处：%(findings)s", count) % {
        "count": count,
        "findings": "; ".join(findings[:NAMED]),
    }
    said = {"first": check.first, "last": check.last, "sha256": check.sha256, "findings": len(findings)}
    note(session, CHECK, chain, said)
    tell(
        session,
        action=AuditAction.MAINTENANCE,
        region_id=chain or None,
        outcome=ActResult.FAILED if findings else ActResult.DONE,
        subject_table="audit_chain",
        subject_id=chain,
        subject=_("核对审计链"),
        reason=broken if findings else whole,
    )


def check_trail(database: Database, chain: int, act: ActMaker) -> TrailCheck:
    """Reads in a session of its own, so that nobody waits for a lock meanwhile."""
    with database.reading() as reader:
        check = follow_trail(reader, chain)
    with database.writing(act) as session:
        record_check(session, chain, check)
    return check
