"""Our mails as those who answer them, and servers that return them, speak of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.models import Account, Digest, InboundMail, MailedAnswer, Obligation, OutboxMail, Task

_MOST = 100


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail of the outbox as far as an answer to it is concerned. `department_id`: its receiver's, at that time."""

    id: int
    region_id: int | None
    account_id: int | None
    department_id: int | None
    message_id: str
    to_address: str
    text: str
    html: str

    @property
    def code(self) -> str:
        """The reply code in its id: <key.CODE@domain>."""
        return self.message_id.rpartition("@")[0].rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class ToldItem:
    """An obligation of which a reminder spoke, as it stands now."""

    obligation_id: int
    task_number: str
    department_id: int


_COLUMNS = (
    col(OutboxMail.id),
    col(OutboxMail.region_id),
    col(OutboxMail.account_id),
    col(OutboxMail.department_id),
    col(OutboxMail.message_id),
    col(OutboxMail.to_address),
    col(OutboxMail.text),
    col(OutboxMail.html),
)


def sent_mail(session: Session, message_ids: Sequence[str]) -> SentMail | None:
    """The first of these ids that is one of ours. An id holds the mail's reply code, which cannot be guessed."""
    wanted = list(message_ids)[:_MOST]
    if not wanted:
        return None
    rows = session.execute(
        select_columns(*_COLUMNS).where(col(OutboxMail.message_id).in_(wanted), col(OutboxMail.channel_id).is_(None))
    ).all()
    found = {row.message_id: SentMail(*row) for row in rows}
    return next((found[one] for one in wanted if one in found), None)


def sent_mail_by_code(session: Session, code: str, account_id: int) -> SentMail | None:
    """Of one account: the code stands in the middle of the id, and no index leads there."""
    row = session.execute(
        select_columns(*_COLUMNS)
        .where(
            col(OutboxMail.account_id) == account_id,
            col(OutboxMail.message_id).contains(f".{code}@", autoescape=True),
        )
        .order_by(col(OutboxMail.id).desc())
        .limit(1)
    ).first()
    return SentMail(*row) if row is not None else None


def accounts_at(session: Session, address: str) -> Sequence[Account]:
    """Whose present address this is, in large or small letters."""
    return session.exec(select(Account).where(func.lower(col(Account.email)) == address.lower()).limit(_MOST)).all()


def told_items(session: Session, mail_id: int) -> list[ToldItem] | None:
    """In the order of the reminder; None for a mail that is no reminder, or a copy of one."""
    original = session.exec(select(OutboxMail.copy_of).where(OutboxMail.id == mail_id)).one_or_none()
    items = session.exec(select(Digest.items).where(col(Digest.mail_id).in_([mail_id, original or mail_id]))).first()
    if items is None:
        return None
    keys = list(dict.fromkeys(int(item["obligation"]) for item in items if item.get("obligation")))
    found = {
        key: ToldItem(key, number, department)
        for key, number, department in session.execute(
            select_columns(col(Obligation.id), col(Task.number), col(Obligation.department_id))
            .join(Task, col(Task.id) == Obligation.task_id)
            .where(col(Obligation.id).in_(keys))
        )
    }
    return [found[key] for key in keys if key in found]


def is_known(session: Session, fingerprint: str) -> bool:
    return session.exec(select(InboundMail.id).where(InboundMail.fingerprint == fingerprint)).first() is not None


def answers_to(session: Session, mail_id: int, account_id: int) -> Sequence[MailedAnswer]:
    """What this account has answered to this mail before."""
    return session.exec(
        select(MailedAnswer)
        .join(InboundMail, col(InboundMail.id) == MailedAnswer.inbound_id)
        .where(InboundMail.mail_id == mail_id, InboundMail.account_id == account_id)
    ).all()
