"""The mail log of a region: what is on its way, what was sent, what failed or came back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.domain.delivery import Delivery, standing
from app.models import Account, OutboxMail, ReportLink
from app.models.outbox_mail import MailFault, MailState
from app.queries.report_links import links_of_mails

PAGE = 50


@dataclass(frozen=True, slots=True)
class MailRow:
    """A mail without its bodies. `in_doubt`: an attempt ended without an answer and may have got through."""

    id: int
    kind: str
    to_name: str
    to_address: str
    subject: str
    state: MailState
    attempts: int
    in_doubt: bool
    created_at: datetime
    sent_at: datetime | None
    next_try_at: datetime
    error: str
    fault: MailFault | None
    bounced_at: datetime | None
    bounce: str
    held_at: datetime | None
    copy_of: int | None

    @property
    def standing(self) -> Delivery:
        return standing(
            self.state.value,
            held=self.held_at is not None,
            bounced=self.bounced_at is not None,
            dropped=self.fault is MailFault.DROPPED,
        )


_SHOWN = tuple(MailRow.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class MailPage:
    """`before` asks for the mails before that id; None on the last page."""

    rows: Sequence[MailRow]
    before: int | None


def failed() -> ColumnElement[bool]:
    """What the secretariat took back has not failed."""
    fault = col(OutboxMail.fault)
    return and_(col(OutboxMail.state) == MailState.FAILED, fault.is_distinct_from(MailFault.DROPPED))


def stands(delivery: Delivery) -> ColumnElement[bool]:
    """For those of `OF_ANY_MAIL`."""
    state, held, bounced = col(OutboxMail.state), col(OutboxMail.held_at), col(OutboxMail.bounced_at)
    match delivery:
        case Delivery.QUEUED:
            return and_(state == MailState.QUEUED, held.is_(None))
        case Delivery.HELD:
            return and_(state == MailState.QUEUED, held.is_not(None))
        case Delivery.SENDING:
            return state == MailState.SENDING
        case Delivery.SENT:
            return and_(state == MailState.SENT, bounced.is_(None))
        case Delivery.BOUNCED:
            return and_(state == MailState.SENT, bounced.is_not(None))
        case Delivery.FAILED:
            return failed()
        case Delivery.DROPPED:
            return and_(state == MailState.FAILED, col(OutboxMail.fault) == MailFault.DROPPED)
        case Delivery.DOUBT:
            return col(OutboxMail.in_doubt).is_(True)
    raise ValueError(delivery)


def mails(
    session: Session,
    region_id: int,
    *,
    state: Delivery | None = None,
    recipient: str = "",
    before: int | None = None,
    limit: int = PAGE,
) -> MailPage:
    """Newest first; `recipient` is any part of a name or an address."""
    columns: list[Any] = [getattr(OutboxMail, name) for name in _SHOWN]
    statement = (
        select_columns(*columns)
        .where(col(OutboxMail.region_id) == region_id)
        .order_by(col(OutboxMail.id).desc())
        .limit(limit + 1)
    )
    if state is not None:
        statement = statement.where(stands(state))
    if recipient:
        named = (OutboxMail.to_name, OutboxMail.to_address)
        statement = statement.where(or_(*(col(column).icontains(recipient, autoescape=True) for column in named)))
    if before is not None:
        statement = statement.where(col(OutboxMail.id) < before)
    rows = [MailRow(*row) for row in session.execute(statement)]
    return MailPage(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)


@dataclass(frozen=True, slots=True)
class Related:
    """The mails that say the same: the first, then its copies in their order. `by`: who asked for the copy."""

    id: int
    state: MailState
    in_doubt: bool
    bounced_at: datetime | None
    held_at: datetime | None
    fault: MailFault | None
    created_at: datetime
    reason: str
    by: str | None

    @property
    def standing(self) -> Delivery:
        return standing(
            self.state.value,
            held=self.held_at is not None,
            bounced=self.bounced_at is not None,
            dropped=self.fault is MailFault.DROPPED,
        )


def related_mails(session: Session, mail: OutboxMail) -> list[Related]:
    """Empty for a mail that was never sent again."""
    first = mail.copy_of or mail.id
    statement = (
        select_columns(
            col(OutboxMail.id),
            col(OutboxMail.state),
            col(OutboxMail.in_doubt),
            col(OutboxMail.bounced_at),
            col(OutboxMail.held_at),
            col(OutboxMail.fault),
            col(OutboxMail.created_at),
            col(OutboxMail.reason),
            col(Account.name),
        )
        .outerjoin(Account, col(Account.id) == OutboxMail.resent_by)
        .where(or_(col(OutboxMail.id) == first, col(OutboxMail.copy_of) == first))
        .order_by(col(OutboxMail.id))
    )
    found = [Related(*row) for row in session.execute(statement)]
    return found if len(found) > 1 else []


def link_in(session: Session, mail: OutboxMail) -> ReportLink | None:
    """The link that the mail leads to: its own, or for a copy without one that of the first mail."""
    links = links_of_mails(session, [one for one in (mail.id, mail.copy_of) if one is not None])
    return links.get(mail.id or 0) or links.get(mail.copy_of or 0)


def name_of(session: Session, account_id: int | None) -> str | None:
    if account_id is None:
        return None
    return session.exec(select(Account.name).where(Account.id == account_id)).one_or_none()
