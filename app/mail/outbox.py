"""The outbox: queued in the transaction that caused the mail, claimed and marked in transactions of their own.

A claim is one UPDATE that names the state and the number of attempts as they were read; one row changed means
that the mail is ours until the lease ends. A sender that dies leaves a lease that runs out: the mail is claimed
again and marked as in doubt, because nobody can know whether the server had it already.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.i18n import gettext as _
from app.mail.compose import Letter
from app.mail.covered_links import LINK_KIND, covered_text
from app.models import OutboxMail
from app.models.outbox_mail import MailState
from app.trail import note

LEASE = timedelta(minutes=5)  # longer than a conversation with a slow server can take
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
# After a failed attempt: a greylisting server wants minutes, a server that is down over the weekend wants days.
DELAYS = (_MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 4 * _HOUR, 12 * _HOUR, 36 * _HOUR)
MOST_ATTEMPTS = len(DELAYS) + 1
ERROR_LIMIT = 1000
_CANDIDATES = 10  # several senders read the same first rows; the losers of one go on to the next


def queue(session: Session, letter: Letter, *, kind: str, region_id: int | None, now: datetime) -> int | None:
    """The id of the new mail, or None when one with this key is there already."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = (
        insert(OutboxMail)
        .values(
            region_id=region_id,
            account_id=letter.account_id,
            key=letter.key,
            message_id=letter.message_id,
            kind=kind,
            to_name=letter.to_name,
            to_address=letter.to_address,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            attachments=[attachment.stored() for attachment in letter.attachments],
            state=MailState.QUEUED,
            attempts=0,
            in_doubt=False,
            next_try_at=now,
            created_at=now,
            error="",
        )
        .on_conflict_do_nothing()
        .returning(col(OutboxMail.id))
    )
    new_id: int | None = session.execute(statement).scalar_one_or_none()
    if new_id is not None:
        said = {
            "key": letter.key,
            "to_name": letter.to_name,
            "to_address": letter.to_address,
            "subject": letter.subject,
        }
        note(session, "outbox_mail", new_id, said)
    return new_id


def claim_next(session: Session, now: datetime) -> OutboxMail | None:
    """The mail that has waited longest, ours for the length of a lease; None when nothing waits.

    Commit before you send it.
    """
    waiting = and_(col(OutboxMail.state) == MailState.QUEUED, col(OutboxMail.next_try_at) <= now)
    abandoned = and_(col(OutboxMail.state) == MailState.SENDING, col(OutboxMail.lease_until) <= now)
    candidates = session.execute(
        select(OutboxMail.id, OutboxMail.state, OutboxMail.attempts, OutboxMail.key)
        .where(or_(waiting, abandoned))
        .order_by(col(OutboxMail.next_try_at), col(OutboxMail.id))
        .limit(_CANDIDATES)
    ).all()
    for mail_id, state, attempts, key in candidates:
        died = state is MailState.SENDING
        values: dict[str, Any] = {"attempts": attempts + 1, "state": MailState.SENDING, "lease_until": now + LEASE}
        if died:
            values |= {"in_doubt": True, "error": _("上次发送中断，未得到邮件服务器答复。")}
        if died and attempts >= MOST_ATTEMPTS:
            # A mail on which the sender dies every time must not be tried for ever.
            values |= {"attempts": attempts, "state": MailState.FAILED, "lease_until": None}
            values |= _covered(session.get_one(OutboxMail, mail_id))
        if not _change(session, mail_id, state, attempts, values):
            continue
        if values["state"] is MailState.SENDING:
            return _detached(session, mail_id)
        said = {"key": key, "state": MailState.FAILED, "in_doubt": True, "error": values["error"]}
        note(session, "outbox_mail", mail_id, said, before={"key": key, "state": state})
    return None


def mark_sent(session: Session, mail: OutboxMail, now: datetime) -> bool:
    """False when the lease had run out and another sender has taken the mail over: then it is in doubt there."""
    return _change(
        session,
        mail.id or 0,
        MailState.SENDING,
        mail.attempts,
        {"state": MailState.SENT, "sent_at": now, "lease_until": None, "error": ""} | _covered(mail),
    )


def mark_failed(
    session: Session, mail: OutboxMail, now: datetime, *, error: str, permanent: bool, in_doubt: bool = False
) -> bool:
    """A permanent failure ends it; after any other the mail waits for its next attempt, if there is one left."""
    over = permanent or mail.attempts >= MOST_ATTEMPTS
    values: dict[str, Any] = {
        "state": MailState.FAILED if over else MailState.QUEUED,
        "lease_until": None,
        "error": error[:ERROR_LIMIT],
        "in_doubt": mail.in_doubt or in_doubt,
    }
    if over:
        values |= _covered(mail)
    else:
        values["next_try_at"] = now + DELAYS[mail.attempts - 1]
    return _change(session, mail.id or 0, MailState.SENDING, mail.attempts, values)


def _covered(mail: OutboxMail) -> dict[str, str]:
    """A link that nobody will send any more is nobody's to read."""
    return {"text": covered_text(mail.text), "html": covered_text(mail.html)} if mail.kind == LINK_KIND else {}


def _change(session: Session, mail_id: int, state: MailState, attempts: int, values: dict[str, Any]) -> bool:
    statement = (
        update(OutboxMail)
        .where(col(OutboxMail.id) == mail_id, col(OutboxMail.state) == state, col(OutboxMail.attempts) == attempts)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return session.exec(statement).rowcount == 1


def _detached(session: Session, mail_id: int) -> OutboxMail:
    """With all its columns, and usable after the commit."""
    mail = session.get_one(OutboxMail, mail_id, populate_existing=True)
    session.expunge(mail)
    return mail
