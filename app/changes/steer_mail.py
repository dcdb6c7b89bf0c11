"""The secretariat stops a mail that waits, lets it go again, or takes it back for good; each with a reason.

The reason of a copy is why it was sent again, and stays so: why it was stopped the trail tells.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from app.changes.report_links import revoke_link_of_dropped
from app.domain.one_line import is_one_line
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.mail.outbox import covered_for_good
from app.models import OutboxMail
from app.models.outbox_mail import MailFault, MailState
from app.trail import note, tell

LONGEST_REASON = 500


def hold_mail(session: Session, mail: OutboxMail, *, reason: str, by: int, now: datetime) -> None:
    """It is not sent until it is released. Again by the same person for the same reason, a double click, is nothing.

    Raises Invalid without a reason, Overtaken for a mail that does not wait any more or was stopped by somebody else.
    """
    checked_reason(reason)
    if mail.held_at is not None and mail.held_by == by and (mail.copy_of is not None or mail.reason == reason):
        return
    held = {"held_at": now, "held_by": by} | _reason(mail, reason)
    if not _change(session, mail, held, held=False):
        raise Overtaken(_gone(mail) or _("这封邮件已由他人暂缓发送，本次操作未执行。"))
    tell(session, subject=mail.key, reason=_("暂缓发送：%(reason)s") % {"reason": reason})


def release_mail(session: Session, mail: OutboxMail, *, reason: str) -> None:
    """It goes out with the next look of the worker. Raises Invalid, and Overtaken when it is not held any more."""
    checked_reason(reason)
    if not _change(session, mail, {"held_at": None, "held_by": None} | _reason(mail, reason), held=True):
        raise Overtaken(_gone(mail) or _("这封邮件已经恢复发送。"))
    tell(session, subject=mail.key, reason=_("恢复发送：%(reason)s") % {"reason": reason})


def drop_mail(session: Session, mail: OutboxMail, *, reason: str, now: datetime) -> None:
    """It will never be sent, and the report link in it opens nothing any more.

    Raises Invalid, and Overtaken for a mail that does not wait any more.
    """
    checked_reason(reason)
    error = _("秘书处已取消发送：%(reason)s") % {"reason": reason}
    if mail.fault is MailFault.DROPPED and mail.error == error:
        return
    dropped = {
        "state": MailState.FAILED,
        "fault": MailFault.DROPPED,
        "held_at": None,
        "held_by": None,
        "error": error,
    }
    if not _change(session, mail, dropped | _reason(mail, reason) | covered_for_good(mail), held=None):
        raise Overtaken(_gone(mail))
    revoke_link_of_dropped(session, mail, now=now)
    tell(session, subject=mail.key, reason=_("取消发送：%(reason)s") % {"reason": reason})


def checked_reason(reason: str) -> None:
    """Raises Invalid."""
    if not reason:
        raise Invalid({"reason": _("请写明原因。")})
    if len(reason) > LONGEST_REASON:
        raise Invalid({"reason": _("原因不能超过%(limit)s个字。") % {"limit": LONGEST_REASON}})
    if not is_one_line(reason):
        raise Invalid({"reason": _("原因不能含有换行或看不见的字符。")})


def _reason(mail: OutboxMail, reason: str) -> dict[str, Any]:
    return {"reason": reason} if mail.copy_of is None else {}


def _change(session: Session, mail: OutboxMail, values: dict[str, Any], *, held: bool | None) -> bool:
    """Of a mail that waits; the sender may take it at the same moment, and one of the two wins."""
    told = [name for name in values if name not in {"text", "html"}]
    before = {name: getattr(mail, name) for name in told}
    statement = update(OutboxMail).where(col(OutboxMail.id) == mail.id, col(OutboxMail.state) == MailState.QUEUED)
    if held is not None:
        statement = statement.where(col(OutboxMail.held_at).is_not(None) if held else col(OutboxMail.held_at).is_(None))
    won = session.exec(statement.values(**values).execution_options(synchronize_session=False)).rowcount == 1
    session.refresh(mail)
    if won:
        note(session, "outbox_mail", mail.id, {name: values[name] for name in told}, before=before)
    return won


def _gone(mail: OutboxMail) -> str:
    """Why a mail that is not queued can be steered no more; empty when it is."""
    match mail.state:
        case MailState.SENDING:
            return _("这封邮件正在发送，不能再更改。")
        case MailState.SENT:
            return _("这封邮件已经发送，不能再更改。")
        case MailState.FAILED:
            return _("这封邮件已不再发送，不能再更改。")
        case MailState.QUEUED:
            return ""
