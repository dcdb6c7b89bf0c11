"""The outbox: queued in the transaction that caused the mail, claimed and marked in transactions of their own.

A claim is one UPDATE that names the state and the number of attempts as they were read; one row changed means
that the mail is ours until the lease ends. A sender that dies leaves a lease that runs out: the mail is claimed
again and marked as in doubt, because nobody can know whether the server had it already.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, update
from sqlalchemy import select as select_columns
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from app.domain.trail_changes import sayable
from app.i18n import gettext as _
from app.mail.compose import Letter
from app.mail.covered_links import LINK_KIND, covered_text
from app.models import OutboxMail
from app.models.outbox_mail import MailFault, MailState
from app.trail import note

LEASE = timedelta(minutes=15)  # longer than a conversation with a slow server can take
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
# After an attempt that was refused for now. A greylisting server wants minutes; one that refuses everything over a
# long weekend wants days (RFC 5321 4.5.4.1: give up after four or five at the earliest). A server that cannot be
# reached at all costs no attempt.
DELAYS = (_MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 3 * _HOUR, *[6 * _HOUR] * 22)
MOST_ATTEMPTS = len(DELAYS) + 1
# Each attempt that ends without an answer may be another copy in somebody's box.
MOST_DOUBTS = 8
ERROR_LIMIT = 1000
ANSWER_LIMIT = 300
_CANDIDATES = 10  # several senders read the same first rows; the losers of one go on to the next


def queue(
    session: Session,
    letter: Letter,
    *,
    kind: str,
    region_id: int | None,
    now: datetime,
    department_id: int | None = None,
    channel_id: int | None = None,
) -> int | None:
    """The id of the new mail, or None when one with this key is there already.

    `department_id`: the receiver's department; whoever has left it when the mail is sent does not get it.
    With a `channel_id` it goes to that chat group and not to an address.
    """
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
            department_id=department_id,
            channel_id=channel_id,
            answer="",
            bounce="",
            reason="",
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
    waiting = and_(
        col(OutboxMail.state) == MailState.QUEUED,
        col(OutboxMail.next_try_at) <= now,
        col(OutboxMail.held_at).is_(None),
    )
    abandoned = and_(col(OutboxMail.state) == MailState.SENDING, col(OutboxMail.lease_until) <= now)
    candidates = session.execute(
        select_columns(
            col(OutboxMail.id),
            col(OutboxMail.state),
            col(OutboxMail.attempts),
            col(OutboxMail.key),
            col(OutboxMail.in_doubt),
        )
        .where(or_(waiting, abandoned))
        .order_by(col(OutboxMail.next_try_at), col(OutboxMail.id))
        .limit(_CANDIDATES)
    ).all()
    for mail_id, state, attempts, key, in_doubt in candidates:
        died = state is MailState.SENDING
        values: dict[str, Any] = {"attempts": attempts + 1, "state": MailState.SENDING, "lease_until": now + LEASE}
        if died:
            values |= {"in_doubt": True, "error": _("上次发送中断，未得到邮件服务器答复。")}
        if died and (attempts >= MOST_ATTEMPTS or (in_doubt and attempts >= MOST_DOUBTS)):
            # A mail on which the sender dies every time must not be tried for ever.
            values |= {"attempts": attempts, "state": MailState.FAILED, "lease_until": None}
            values |= {"fault": MailFault.GAVE_UP}
            values |= covered_for_good(session.get_one(OutboxMail, mail_id))
        if not _change(session, mail_id, state, attempts, values, col(OutboxMail.held_at).is_(None)):
            continue
        if values["state"] is MailState.SENDING:
            return _detached(session, mail_id)
        said = {"key": key, "state": MailState.FAILED, "in_doubt": True, "error": values["error"]}
        note(session, "outbox_mail", mail_id, said, before={"key": key, "state": state})
    return None


def mark_sent(session: Session, mail: OutboxMail, now: datetime, *, answer: str = "") -> bool:
    """False when the lease had run out and another sender has taken the mail over: then it is in doubt there.

    `answer`: the server's words, by which its administrator finds the mail there.
    """
    return _change(
        session,
        mail.id or 0,
        MailState.SENDING,
        mail.attempts,
        {
            "state": MailState.SENT,
            "sent_at": now,
            "lease_until": None,
            "error": "",
            "answer": sayable(answer)[:ANSWER_LIMIT],
        }
        | covered_for_good(mail),
    )


def give_back(session: Session, mail: OutboxMail, *, error: str) -> bool:
    """Nothing could be sent to anybody: it waits where it waited, and the attempt was none.

    A claim that was abandoned stays counted, so no number of attempts is ever claimed twice at the same time.
    """
    values = {
        "state": MailState.QUEUED,
        "attempts": mail.attempts - 1,
        "lease_until": None,
        "error": sayable(error)[:ERROR_LIMIT],
    }
    return _change(session, mail.id or 0, MailState.SENDING, mail.attempts, values)


def mark_failed(
    session: Session,
    mail: OutboxMail,
    now: datetime,
    *,
    error: str,
    permanent: bool,
    in_doubt: bool = False,
    fault: MailFault | None = None,
) -> bool:
    """A permanent failure ends it; after any other the mail waits for its next attempt, if there is one left.

    `fault`: whose fault a permanent failure is.
    """
    too_often = mail.attempts >= MOST_ATTEMPTS or (in_doubt and mail.in_doubt and mail.attempts >= MOST_DOUBTS)
    over = permanent or too_often
    values: dict[str, Any] = {
        "state": MailState.FAILED if over else MailState.QUEUED,
        "lease_until": None,
        "error": sayable(error)[:ERROR_LIMIT],
        "in_doubt": mail.in_doubt or in_doubt,
    }
    if over:
        values |= {"fault": fault or (MailFault.CONTENT if permanent else MailFault.GAVE_UP)} | covered_for_good(mail)
    else:
        values["next_try_at"] = now + DELAYS[mail.attempts - 1]
    return _change(session, mail.id or 0, MailState.SENDING, mail.attempts, values)


def covered_for_good(mail: OutboxMail) -> dict[str, str]:
    """A link that nobody will send any more is nobody's to read."""
    return {"text": covered_text(mail.text), "html": covered_text(mail.html)} if mail.kind == LINK_KIND else {}


def _change(
    session: Session,
    mail_id: int,
    state: MailState,
    attempts: int,
    values: dict[str, Any],
    *more: ColumnElement[bool],
) -> bool:
    as_read = (col(OutboxMail.id) == mail_id, col(OutboxMail.state) == state, col(OutboxMail.attempts) == attempts)
    statement = update(OutboxMail).where(*as_read, *more).values(**values).execution_options(synchronize_session=False)
    return session.exec(statement).rowcount == 1


def _detached(session: Session, mail_id: int) -> OutboxMail:
    """With all its columns, and usable after the commit."""
    mail = session.get_one(OutboxMail, mail_id, populate_existing=True)
    session.expunge(mail)
    return mail
