"""One step of the sender: claim a mail, commit, hand it over, mark it."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.access import receiver_of
from app.clock import Clock
from app.db import Database
from app.domain.audit import Act, ActResult, AuditAction, Channel
from app.i18n import gettext as _
from app.mail.eml_files import FileTransport
from app.mail.outbox import claim_next, give_back, mark_failed, mark_sent
from app.mail.smtp import SmtpTransport
from app.mail.transport import NotSent, Transport
from app.models import Account, OutboxMail
from app.models.outbox_mail import MailFault
from app.settings import Settings
from app.trail import ActMaker, note, tell

log = logging.getLogger(__name__)

_FAULT_LIMIT = 500

# What only the moment of sending adds to a mail, and no table keeps: a copy with it.
Finish: TypeAlias = Callable[[Session, OutboxMail], OutboxMail]


def transport_for(settings: Settings) -> Transport:
    zone = ZoneInfo(settings.time_zone)
    if settings.smtp_url is None:
        return FileTransport(settings.mail_dir, sender=settings.mail_from, zone=zone, answers_to=settings.answers_to)
    return SmtpTransport(settings.smtp_url, sender=settings.mail_from, zone=zone, answers_to=settings.answers_to)


def send_one(
    database: Database,
    transport: Transport,
    clock: Clock,
    *,
    finish: Finish | None = None,
    chat: Transport | None = None,
) -> bool:
    """May there be more to do at once? Whatever becomes of this mail, the next one gets its turn.

    False when nothing waits, and when nothing can be sent at the moment. `chat`: the way to groups.
    """
    with database.writing(_act(clock.now())) as session:
        mail = claim_next(session, clock.now())
    # From here on the claim is on record: if we die, the lease runs out and somebody else takes over.
    if mail is None:
        return False
    way = transport if mail.channel_id is None else chat
    given = False
    try:
        ready = _ready(database, mail, clock, finish)
        if way is None:
            raise NotSent(_("本机没有启用消息通道。"))
        given = True
        answer = way.send(ready, clock.now()) or ""
    except NotSent as error:
        # A group that cannot be reached holds up no mail: its own messages wait like mail that was refused for now.
        if error.ours and mail.channel_id is None:
            _give_back(database, mail, clock, error)
            return False
        _mark_failed(database, mail, clock, error)
    except Exception as error:
        log.exception("mail %s could not be handed over", mail.key)
        sentence = _("发送程序出错：%(error)s") % {"error": f"{type(error).__name__}: {error}"}
        _mark_failed(database, mail, clock, NotSent(sentence, in_doubt=given))
    else:
        with database.writing(_act(clock.now(), mail)) as session:
            if mark_sent(session, mail, clock.now(), answer=answer):
                tell(session, reason=_("已发送") if not mail.in_doubt else _("已发送，可能重复"))
    return True


def _ready(database: Database, mail: OutboxMail, clock: Clock, finish: Finish | None) -> OutboxMail:
    """As it goes out, to whom it may go at this moment. Raises NotSent."""
    with database.reading() as session:
        receiver = receiver_of(session, mail, now=clock.now())
        if receiver.refused:
            raise NotSent(receiver.refused, permanent=True, fault=receiver.fault)
        finished = finish(session, mail) if finish else mail
    if receiver.address == mail.to_address:
        return finished
    return _readdressed(database, mail, finished, receiver.address, clock)


def _readdressed(database: Database, mail: OutboxMail, finished: OutboxMail, address: str, clock: Clock) -> OutboxMail:
    """The address is another by now: the mail goes there, and its row and the trail say so."""
    with database.writing(_act(clock.now(), mail)) as session:
        session.exec(
            update(OutboxMail)
            .where(col(OutboxMail.id) == mail.id)
            .values(to_address=address)
            .execution_options(synchronize_session=False)
        )
        said = {"key": mail.key, "to_address": address}
        note(session, "outbox_mail", mail.id, said, before={"key": mail.key, "to_address": mail.to_address})
    return OutboxMail(**finished.model_dump() | {"to_address": address})


def _mark_failed(database: Database, mail: OutboxMail, clock: Clock, failure: NotSent) -> None:
    log.warning("mail %s was not sent: %s", mail.key, failure.reason)
    with database.writing(_act(clock.now(), mail)) as session:
        marked = mark_failed(
            session,
            mail,
            clock.now(),
            error=failure.reason,
            permanent=failure.permanent,
            in_doubt=failure.in_doubt,
            fault=failure.fault,
        )
        if marked and failure.fault is MailFault.ADDRESS:
            _note_address(session, mail, failure.reason, clock.now())
        if marked:
            tell(session, outcome=ActResult.FAILED, reason=failure.reason)


def _note_address(session: Session, mail: OutboxMail, reason: str, now: datetime) -> None:
    """Whoever keeps the accounts sees which address takes no mail, as with one from which mail came back."""
    written_to = select(OutboxMail.to_address).where(OutboxMail.id == mail.id).scalar_subquery()
    session.exec(
        update(Account)
        .where(col(Account.id) == mail.account_id, col(Account.email) == written_to)
        .values(mail_fault=reason[:_FAULT_LIMIT], mail_fault_at=now)
        .execution_options(synchronize_session=False)
    )


def _give_back(database: Database, mail: OutboxMail, clock: Clock, failure: NotSent) -> None:
    """Told once and not at every tick while a server is away."""
    log.warning("nothing can be sent: %s", failure.reason)
    with database.writing(_act(clock.now(), mail)) as session:
        if give_back(session, mail, error=failure.reason) and failure.reason != mail.error:
            tell(session, outcome=ActResult.FAILED, reason=failure.reason)


def _act(now: datetime, mail: OutboxMail | None = None) -> ActMaker:
    """The fate of a mail is told by its key, without its text."""
    return lambda: Act(
        now,
        AuditAction.MAIL,
        Channel.WORKER,
        region_id=mail.region_id if mail else None,
        subject_table="outbox_mail",
        subject_id=mail.id if mail else None,
        subject=mail.key if mail else "",
    )
