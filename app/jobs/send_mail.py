"""Sends what waits in the outbox, mails and messages to chat groups alike."""

import logging
import threading
from collections.abc import Callable
from contextlib import nullcontext

from sqlmodel import Session, col, func, select

from app.changes.report_links import token_to_send
from app.clock import Clock
from app.db import Database
from app.i18n import official_language, officially
from app.mail.chat import ChatTransport
from app.mail.report_mark import has_mark, with_link
from app.mail.send import Finish, send_one, transport_for
from app.mail.smtp import SmtpTransport
from app.mail.transport import Transport
from app.models import OutboxMail
from app.models.outbox_mail import MailState
from app.sealing import Sealer
from app.settings import Settings

log = logging.getLogger(__name__)

# A sender waits for the mail server most of the time. More connections than a few are not welcome at most of them; one
# that refuses a further connection ends that sender alone.
SENDERS = 4
MANY = 20  # mails that wait; for less the first sender is enough


def send_waiting(
    settings: Settings,
    clock: Clock,
    database: Database,
    stop_event: threading.Event,
    *,
    transport: Transport | None = None,
    chat: Transport | None = None,
    still: Callable[[], object] = lambda: None,
) -> None:
    """Until nothing waits, nothing gets out, or it is told to stop; the mails in hand are finished.

    `transport`: this one and no further senders; otherwise what the settings say, as for `chat`. `still` is called
    behind each mail of the first sender.
    """
    finish = finisher(settings, clock)
    chat = chat or ChatTransport(database, Sealer(settings.var_dir).open, settings.chats)

    def work(way: Transport, still: Callable[[], object] = lambda: None) -> None:
        with way.kept() if isinstance(way, SmtpTransport) else nullcontext():
            while not stop_event.is_set() and send_one(database, way, clock, finish=finish, chat=chat):
                still()

    def help_out() -> None:
        try:
            with official_language(settings.language), officially():
                work(transport_for(settings))
        except Exception:
            log.exception("one of the senders stopped; the others go on")

    helpers: list[threading.Thread] = []
    if transport is None and settings.smtp_url is not None and _many_wait(database, clock):
        helpers = [threading.Thread(target=help_out, name=f"sender-{number}") for number in range(2, SENDERS + 1)]
    for helper in helpers:
        helper.start()
    try:
        work(transport or transport_for(settings), still)
    finally:
        for helper in helpers:
            helper.join()


def finisher(settings: Settings, clock: Clock) -> Finish:
    """Puts the token of a report link where its mark stands: it is made as the mail is sent, and stored nowhere."""
    sealer = Sealer(settings.var_dir)

    def finish(session: Session, mail: OutboxMail) -> OutboxMail:
        if not (has_mark(mail.text) or has_mark(mail.html)):
            return mail
        token = token_to_send(session, sealer, mail, settings=settings, now=clock.now())
        return with_link(mail, token, site=settings.site)

    return finish


def _many_wait(database: Database, clock: Clock) -> bool:
    waiting = (
        select(OutboxMail.id)
        .where(
            OutboxMail.state == MailState.QUEUED,
            col(OutboxMail.held_at).is_(None),
            col(OutboxMail.next_try_at) <= clock.now(),
        )
        .limit(MANY)
        .subquery()
    )
    with database.reading() as session:
        return session.exec(select(func.count()).select_from(waiting)).one() >= MANY
