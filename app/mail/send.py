"""One step of the sender: claim a mail, commit, hand it over, mark it."""

import logging
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from app.clock import Clock
from app.db import Database
from app.domain.audit import Act, ActResult, AuditAction, Channel
from app.i18n import gettext as _
from app.mail.eml_files import FileTransport
from app.mail.outbox import claim_next, mark_failed, mark_sent
from app.mail.smtp import SmtpTransport
from app.mail.transport import NotSent, Transport
from app.models import Account, OutboxMail
from app.settings import Settings
from app.trail import ActMaker, tell

log = logging.getLogger(__name__)


def transport_for(settings: Settings) -> Transport:
    zone = ZoneInfo(settings.time_zone)
    if settings.smtp_url is None:
        return FileTransport(settings.mail_dir, sender=settings.mail_from, zone=zone)
    return SmtpTransport(settings.smtp_url, sender=settings.mail_from, zone=zone)


def send_one(database: Database, transport: Transport, clock: Clock) -> bool:
    """Was there work? Whatever becomes of this mail, the next one gets its turn."""
    with database.writing(_act(clock.now())) as session:
        mail = claim_next(session, clock.now())
        wanted = mail is not None and _still_wanted(session, mail)
    # From here on the claim is on record: if we die, the lease runs out and somebody else takes over.
    if mail is None:
        return False
    failure = NotSent(_("账号已停用，未发送。"), permanent=True)
    if wanted:
        try:
            transport.send(mail, clock.now())
        except NotSent as error:
            failure = error
        except Exception as error:
            log.exception("mail %s could not be handed over", mail.key)
            failure = NotSent(
                _("发送程序出错：%(error)s") % {"error": f"{type(error).__name__}: {error}"}, in_doubt=True
            )
        else:
            with database.writing(_act(clock.now(), mail)) as session:
                if mark_sent(session, mail, clock.now()):
                    tell(session, reason=_("已发送") if not mail.in_doubt else _("已发送，可能重复"))
            return True
    log.warning("mail %s was not sent: %s", mail.key, failure.reason)
    with database.writing(_act(clock.now(), mail)) as session:
        marked = mark_failed(
            session, mail, clock.now(), error=failure.reason, permanent=failure.permanent, in_doubt=failure.in_doubt
        )
        if marked:
            tell(session, outcome=ActResult.FAILED, reason=failure.reason)
    return True


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


def _still_wanted(session: Session, mail: OutboxMail) -> bool:
    """An account that was closed after its mail was queued hears nothing any more."""
    if mail.account_id is None:
        return True
    return bool(session.exec(select(Account.active).where(col(Account.id) == mail.account_id)).one_or_none())
