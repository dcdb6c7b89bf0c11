"""What the worker does with the mailbox of answers and bounces: reads what is new, each mail in its own transaction."""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlmodel import col, select

from app.changes.take_in_mail import TakenIn, keep_unreadable, take_in_mail
from app.clock import Clock
from app.db import Database
from app.documents.evidence_store import EvidenceStore
from app.documents.refusals import StoreUnavailable
from app.i18n import gettext as _
from app.inbox.mailbox import Mailbox, MailboxFault, RawMail
from app.inbox.open_mailbox import mailbox_at
from app.models import WorkerBeat
from app.models.inbound_mail import InboundKind
from app.settings import Settings

log = logging.getLogger(__name__)
_FOR_ALL = (OperationalError, InterfaceError, OSError, StoreUnavailable)
_MEGABYTE = 1024 * 1024
# After this no further mail is begun: runs, sending and the sign of life wait behind this; the next reading goes on.
LONGEST = timedelta(seconds=20)


@dataclass(slots=True)
class Reading:
    """What one look into the mailbox brought. `fault`: why it ended early, in a sentence without secrets."""

    taken: list[TakenIn] = field(default_factory=list)
    fault: str = ""

    @property
    def counts(self) -> Counter[InboundKind]:
        return Counter(one.kind for one in self.taken if one.kind is not None)


def read_inbox(
    settings: Settings,
    clock: Clock,
    database: Database,
    stop_event: threading.Event,
    *,
    was_read: Callable[[], None] = lambda: None,
    still: Callable[[], None] = lambda: None,
) -> list[str]:
    """Faults, as the worker tells them; nothing where no mailbox is set or it was read a moment ago by any worker.

    `was_read` is called when the mailbox could be read. `still`: called after each mail.
    """
    if settings.inbox_url is None or not _is_due(database, clock.wall(), timedelta(seconds=settings.inbox_seconds)):
        return []
    reading = read_mailbox(settings, clock, database, mailbox_at(settings.inbox_url), stop_event, still=still)
    if reading.fault:
        log.error("the mailbox: %s", reading.fault)
        return [reading.fault]
    for kind, count in reading.counts.items():
        log.info("the mailbox: %s %s", count, kind.value)
    was_read()
    return []


def _is_due(database: Database, now: datetime, often: timedelta) -> bool:
    with database.reading() as session:
        last = session.exec(select(func.max(col(WorkerBeat.inbox_at)))).one()
    # Half a second is lost between two ticks: a reading that is due at the end of this tick is not put off to the next.
    return last is None or not (last <= now < last + often - timedelta(seconds=1))


def read_mailbox(
    settings: Settings,
    clock: Clock,
    database: Database,
    mailbox: Mailbox,
    stop_event: threading.Event,
    *,
    still: Callable[[], None] = lambda: None,
) -> Reading:
    """What is new, the oldest first, for as long as LONGEST; but one mail at least, so that it ends some day."""
    reading, began = Reading(), clock.wall()
    store = EvidenceStore(settings.evidence_dir, settings.upload_max_mb * _MEGABYTE)
    try:
        with mailbox.opened() as folder:
            for raw in folder.unread():
                if stop_event.is_set():
                    break
                reading.taken.append(_take(settings, clock, database, store, raw))
                folder.mark_done(raw)
                still()
                if clock.wall() - began >= LONGEST:
                    log.info("the mailbox: there may be more, the next reading goes on")
                    break
    except MailboxFault as fault:
        reading.fault = str(fault)
    return reading


def _take(settings: Settings, clock: Clock, database: Database, store: EvidenceStore, raw: RawMail) -> TakenIn:
    """A mail on which the program fails is kept as unreadable, so that the next one gets its turn.

    What fails for all of them, a database that is busy or a full disk, is no fault of the mail: it is read again.
    """
    try:
        return take_in_mail(database, settings, store, raw, now=clock.now())
    except _FOR_ALL as error:
        log.exception("a mail could not be kept, the next reading goes on")
        raise MailboxFault(_("来信未能保存，下次再读。")) from error
    except Exception:
        log.exception("a mail of %s bytes could not be read", raw.size)
        return keep_unreadable(database, raw, _("读取时程序出错，详见日志。"), now=clock.now())
