"""Who may still get a mail that was written to them: judged when it is sent, as the tables say it at that moment."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, exists, func, select

from app.access.roles import READS_REGION
from app.clock import local_day
from app.domain.succession import final_heirs
from app.i18n import gettext as _
from app.models import Account, ChatChannel, Digest, Obligation, OutboxMail, Region
from app.models.account import IN_DEPARTMENT
from app.models.digest_run import RunKind
from app.models.outbox_mail import MailFault
from app.queries.successions import steps_of_region

RUN_KINDS = frozenset(kind.value for kind in RunKind)
# Written to the address that its account had then: an old address is told that there is a new one.
_ABOUT_ADDRESS = "notice"
_LINK = "link"
_ITEMS = 5000  # of one question to the database


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where the mail goes now; or why it goes nowhere, in a sentence."""

    address: str
    refused: str = ""
    fault: MailFault = MailFault.UNWANTED


def receiver_of(session: Session, mail: OutboxMail, *, now: datetime) -> Receiver:
    """A number of queries that does not depend on the mail."""
    if mail.channel_id is not None:
        active = session.exec(select(ChatChannel.active).where(ChatChannel.id == mail.channel_id)).one_or_none()
        return Receiver(mail.to_address, "" if active else _("消息通道已停用，未发送。"))
    if mail.account_id is None:
        return Receiver(mail.to_address)
    account = session.get(Account, mail.account_id)
    if account is None or not account.active:
        return Receiver(mail.to_address, _("账号已停用，未发送。"))
    if mail.region_id is not None and account.region_id != mail.region_id:
        return Receiver(mail.to_address, _("账号已转到其他地区，未发送。"))
    refused = _of_department(session, mail, account, now) or _of_role(session, mail, account)
    return Receiver(mail.to_address, refused) if refused else _with_address(mail, account)


def _with_address(mail: OutboxMail, account: Account) -> Receiver:
    """As it is now: what is written to somebody does not go where they can no longer read it."""
    if mail.kind == _ABOUT_ADDRESS or account.email == mail.to_address:
        return Receiver(mail.to_address)
    if not account.email:
        return Receiver(mail.to_address, _("收件人已没有登记邮箱，未发送。"), MailFault.ADDRESS)
    if mail.kind == _LINK:
        return Receiver(mail.to_address, _("邮箱已更改，发往原邮箱的一次性链接作废，未发送。"))
    return Receiver(account.email)


def _of_department(session: Session, mail: OutboxMail, account: Account, now: datetime) -> str:
    """In the department to which it was written, or the one that has taken over from it."""
    if mail.department_id is None:
        return ""
    if account.role not in IN_DEPARTMENT or account.department_id is None:
        return _("收件人已不是该单位的联络员或负责人，未发送。")
    if account.department_id == mail.department_id:
        return ""
    region = session.get_one(Region, account.region_id)
    steps = steps_of_region(session, region.id or 0, until=local_day(now, region.time_zone))
    heirs = final_heirs(steps, mail.department_id)
    return "" if account.department_id in heirs else _("收件人已不在该单位，未发送。")


def _of_role(session: Session, mail: OutboxMail, account: Account) -> str:
    """What a run says is read by who reads the region, and by those whose departments' items it speaks of."""
    if mail.kind not in RUN_KINDS or account.role in READS_REGION:
        return ""
    if account.role not in IN_DEPARTMENT:
        return _("收件人的角色已变更，不再接收提醒，未发送。")
    told = session.exec(select(Digest.items).where(Digest.mail_id == (mail.copy_of or mail.id))).first()
    if told is None:
        return ""
    if not told and mail.department_id is None:
        return _("收件人已不能查看全区情况，未发送。")
    keys = sorted({int(item["obligation"]) for item in told})
    for start in range(0, len(keys), _ITEMS):
        if _hidden(session, account, keys[start : start + _ITEMS]):
            return _("邮件中的部分事项已转由其他单位承办，收件人不能再查看，未发送；仍由其承办的事项在下次提醒中说明。")
    return ""


def _hidden(session: Session, account: Account, keys: list[int]) -> int:
    """How many of these obligations the account may not read (`obligation_for_reading`)."""
    part = aliased(Obligation)
    return session.exec(
        select(func.count())
        .select_from(Obligation)
        .where(
            col(Obligation.id).in_(keys),
            col(Obligation.department_id).is_distinct_from(account.department_id),
            ~exists().where(col(part.task_id) == Obligation.task_id, col(part.department_id) == account.department_id),
        )
    ).one()
