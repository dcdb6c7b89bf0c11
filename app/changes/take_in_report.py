"""What a mail server says about one of our mails: it came back, it waits, it was delivered.

A report is believed by the Message-ID of the mail, which only its receiver and the servers on the way know. Without it
nothing changes: whoever writes "this address is dead" could else silence a department.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, update
from sqlmodel import Session, col

from app.i18n import gettext as _
from app.inbox.delivery_report import DeliveryReport, Fate
from app.models import Account, OutboxMail
from app.models.inbound_mail import InboundKind
from app.queries.answered_mails import sent_mail

_LIMIT = 500


@dataclass(frozen=True, slots=True)
class ToldReport:
    kind: InboundKind
    outcome: str
    region_id: int | None = None
    mail_id: int | None = None
    account_id: int | None = None

    def columns(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "outcome": self.outcome,
            "region_id": self.region_id,
            "mail_id": self.mail_id,
            "account_id": self.account_id,
        }


def take_in_report(session: Session, report: DeliveryReport, *, now: datetime) -> ToldReport:
    sent = sent_mail(session, report.message_ids)
    if sent is None:
        return ToldReport(InboundKind.STRANGER, _("退信中没有本系统邮件的编号，未采用。"))
    said = in_words(report)[:_LIMIT]
    mail = session.get_one(OutboxMail, sent.id)
    if report.fate is Fate.FAILED:
        mail.bounced_at, mail.bounce = mail.bounced_at or now, said
        if report.permanent:
            _fault_the_account(session, mail, said, now)
    elif report.fate is Fate.DELAYED and mail.bounced_at is None:
        mail.bounce = said
    session.add(mail)
    session.flush()
    return ToldReport(InboundKind.BOUNCE, said, sent.region_id, sent.id, sent.account_id)


def _fault_the_account(session: Session, mail: OutboxMail, said: str, now: datetime) -> None:
    """Only while its address is still the one that the mail went to: one statement, since it may be changed now."""
    session.exec(
        update(Account)
        .where(
            col(Account.id) == mail.account_id,
            func.lower(col(Account.email)) == mail.to_address.lower(),
        )
        .values(mail_fault=said, mail_fault_at=now)
    )


def in_words(report: DeliveryReport) -> str:
    """收件地址不存在（5.1.1）：550 no such user."""
    what = _reason(report.status)
    if report.fate is Fate.DELAYED:
        what = _("对方服务器暂缓接收，仍在投递")
    elif report.fate is Fate.DELIVERED:
        what = _("已送达对方服务器")
    if report.status:
        what = _("%(what)s（%(code)s）") % {"what": what, "code": report.status}
    return _("%(what)s：%(said)s") % {"what": what, "said": report.diagnostic} if report.diagnostic else what


def _reason(status: str) -> str:
    """By the enhanced codes of RFC 3463, section 3; servers without them say 550 for an address that is none."""
    known = {
        "1.1": _("收件地址不存在"),
        "1.2": _("收件域名不存在"),
        "1.3": _("收件地址格式不对"),
        "1.10": _("收件域名不收邮件"),
        "2.0": _("收件邮箱有问题"),
        "2.1": _("收件邮箱已停用"),
        "2.2": _("收件邮箱已满"),
        "2.3": _("邮件超过收件邮箱的大小限制"),
        "3.4": _("邮件超过对方服务器的大小限制"),
        "4.7": _("多次投递未成功，已超过期限"),
    }
    groups = {
        "1": _("收件地址有问题"),
        "2": _("收件邮箱有问题"),
        "3": _("对方邮件系统有问题"),
        "4": _("网络或路由有问题"),
        "5": _("对方服务器不接受发信方式"),
        "6": _("对方服务器不接受邮件内容"),
        "7": _("被对方的安全策略拒收"),
    }
    _class, dot, rest = status.partition(".")
    if dot:
        return known.get(rest) or groups.get(rest.partition(".")[0]) or _("邮件被退回")
    return _("邮件被对方服务器拒收") if status else _("邮件被退回")
