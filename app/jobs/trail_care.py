"""What the worker does for the audit trail: follows each chain once a day, and takes away what has had its time."""

import logging
import threading
from datetime import datetime, timedelta
from functools import partial

from sqlmodel import Session, col, select

from app.changes.check_trail import check_trail
from app.changes.shorten_trail import Shortening, entries_over, shorten_trail
from app.clock import Clock, local_day
from app.db import Database
from app.domain.audit import Act, AuditAction, Channel
from app.models import AuditChain
from app.queries.trail import newest_check
from app.settings import Settings

log = logging.getLogger(__name__)

# Not every day a few entries: each shortening leaves an entry itself.
SOME = timedelta(days=30)


def care_for_trail(settings: Settings, clock: Clock, database: Database, stop_event: threading.Event) -> None:
    with database.reading() as session:
        chains = session.exec(select(AuditChain.id).where(AuditChain.seq > 0).order_by(col(AuditChain.id))).all()
    for chain in chains:
        if stop_event.is_set():
            return
        now = clock.now()
        with database.reading() as session:
            over = _over(session, chain, now, settings.audit_months)
            unchecked = _is_unchecked(session, chain, now, settings.time_zone)
        if over is not None:
            with database.writing(partial(_act, chain, now)) as session:
                shorten_trail(session, _act(chain, now), over)
            log.info("audit chain %s: shortened to what follows entry %s", chain, over.last)
        if unchecked or over is not None:
            check = check_trail(database, chain, partial(_act, chain, now))
            for finding in check.findings:
                log.error("%s", finding)


def _over(session: Session, chain: int, now: datetime, months: int) -> Shortening | None:
    if not months or entries_over(session, chain, now=now - SOME, months=months) is None:
        return None
    return entries_over(session, chain, now=now, months=months)


def _is_unchecked(session: Session, chain: int, now: datetime, zone: str) -> bool:
    """Daily, whether anything was told since or not: it is what was told before that somebody may have changed."""
    last = newest_check(session, chain)
    return last is None or local_day(last.at, zone) < local_day(now, zone)


def _act(chain: int, now: datetime) -> Act:
    return Act(now, AuditAction.MAINTENANCE, Channel.WORKER, region_id=chain or None)
