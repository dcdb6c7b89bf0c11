"""The secretariat sends a mail of a run once more: to who is its receiver now, at the address of now, for a reason."""

from base64 import b64decode
from datetime import datetime

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from app.access import receiver_of
from app.changes.report_links import make_report_link
from app.changes.steer_mail import checked_reason
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.i18n import officially
from app.mail.compose import SUBJECT_LIMIT, Attachment, Letter
from app.mail.keys import again_key, message_id, reply_code
from app.mail.outbox import queue
from app.mail.report_mark import has_mark
from app.models import Digest, OutboxMail
from app.models.digest_run import RunKind
from app.models.outbox_mail import MailState
from app.sealing import Sealer
from app.settings import Settings
from app.trail import tell

_OF_RUN = frozenset(kind.value for kind in RunKind)
_ENDED = frozenset({MailState.SENT, MailState.FAILED})


def may_be_sent_again(mail: OutboxMail) -> bool:
    return mail.kind in _OF_RUN and mail.channel_id is None and mail.account_id is not None and mail.state in _ENDED


def copies_of(session: Session, mail: OutboxMail) -> int:
    """How often it was sent again; of a copy, how often its first mail was."""
    counted = select(func.count()).select_from(OutboxMail).where(OutboxMail.copy_of == (mail.copy_of or mail.id))
    return session.exec(counted).one()


def send_again(
    session: Session,
    mail: OutboxMail,
    *,
    seen: int,
    reason: str,
    by: int,
    now: datetime,
    settings: Settings,
) -> OutboxMail:
    """The copy. `seen`: how many copies the form knew of; the same form sent twice makes one.

    All copies belong to the first mail, and a copy of a copy is one of it. Raises Invalid without a reason and where
    nobody may receive it, Overtaken when somebody else has sent it again meanwhile.
    """
    checked_reason(reason)
    if not may_be_sent_again(mail):
        raise Overtaken(_("只有已发送或发送失败的提醒邮件才能再次发送。"))
    first = session.get_one(OutboxMail, mail.copy_of) if mail.copy_of else mail
    there = copies_of(session, first)
    key = again_key(first.key, seen + 1)
    if seen != there:
        return _same(session, key, reason, by)
    if _copy_waits(session, first):
        raise Overtaken(_("上一次再次发送的邮件尚未发出，本次未发送。"))
    receiver = receiver_of(session, first, now=now)
    if receiver.refused:
        raise Invalid({"reason": receiver.refused})
    copy_id = queue(
        session,
        _letter(first, key, receiver.address, settings),
        kind=first.kind,
        region_id=first.region_id,
        now=now,
        department_id=first.department_id,
    )
    if copy_id is None:  # two at the same moment: the unique key decides
        return _same(session, key, reason, by)
    session.exec(
        update(OutboxMail)
        .where(col(OutboxMail.id) == copy_id)
        .values(copy_of=first.id, resent_by=by, reason=reason)
        .execution_options(synchronize_session=False)
    )
    if has_mark(first.text) or has_mark(first.html):
        _link(session, first, copy_id, key, settings=settings, now=now)
    tell(session, subject=first.key, reason=_("再次发送：%(reason)s") % {"reason": reason})
    return session.get_one(OutboxMail, copy_id, populate_existing=True)


def _same(session: Session, key: str, reason: str, by: int) -> OutboxMail:
    """What the same form has made already."""
    made = session.exec(select(OutboxMail).where(OutboxMail.key == key)).one_or_none()
    if made is not None and (made.resent_by, made.reason) == (by, reason):
        return made
    raise Overtaken(_("这封邮件刚刚已由他人再次发送，本次未发送。请核对后再决定。"))


def _copy_waits(session: Session, first: OutboxMail) -> bool:
    waiting = select(OutboxMail.id).where(
        OutboxMail.copy_of == first.id, col(OutboxMail.state).in_([MailState.QUEUED, MailState.SENDING])
    )
    return session.exec(waiting.limit(1)).first() is not None


@officially()
def _letter(first: OutboxMail, key: str, address: str, settings: Settings) -> Letter:
    """The same words; the subject says that they were said before."""
    return Letter(
        key=key,
        message_id=message_id(key, reply_code(), settings.mail_from),
        account_id=first.account_id or 0,
        to_name=first.to_name,
        to_address=address,
        subject=(_("再次发送：%(subject)s") % {"subject": first.subject})[:SUBJECT_LIMIT],
        text=first.text,
        html=first.html,
        attachments=tuple(
            Attachment(one["file_name"], one["media_type"], b64decode(one["content"])) for one in first.attachments
        ),
    )


def _link(session: Session, first: OutboxMail, copy_id: int, key: str, *, settings: Settings, now: datetime) -> None:
    """A fresh one: that of the first mail may have run out, or have been revoked with the address it went to."""
    digest_id = session.exec(select(Digest.id).where(Digest.mail_id == first.id)).first()
    if digest_id is not None:
        make_report_link(
            session,
            Sealer(settings.var_dir),
            first.account_id or 0,
            digest_id=digest_id,
            mail_id=copy_id,
            mail_key=key,
            settings=settings,
            now=now,
        )
