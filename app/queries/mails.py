"""The mail log of a region: what is on its way, what was sent, what failed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from app.models import OutboxMail
from app.models.outbox_mail import MailState

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


@dataclass(frozen=True, slots=True)
class MailPage:
    """`before` asks for the mails before that id; None on the last page."""

    rows: Sequence[MailRow]
    before: int | None


def mails(
    session: Session,
    region_id: int,
    *,
    state: MailState | None = None,
    recipient: str = "",
    before: int | None = None,
    limit: int = PAGE,
) -> MailPage:
    """Newest first; `recipient` is any part of a name or an address."""
    statement = (
        select_columns(
            col(OutboxMail.id),
            col(OutboxMail.kind),
            col(OutboxMail.to_name),
            col(OutboxMail.to_address),
            col(OutboxMail.subject),
            col(OutboxMail.state),
            col(OutboxMail.attempts),
            col(OutboxMail.in_doubt),
            col(OutboxMail.created_at),
            col(OutboxMail.sent_at),
            col(OutboxMail.next_try_at),
            col(OutboxMail.error),
        )
        .where(col(OutboxMail.region_id) == region_id)
        .order_by(col(OutboxMail.id).desc())
        .limit(limit + 1)
    )
    if state is not None:
        statement = statement.where(col(OutboxMail.state) == state)
    if recipient:
        columns = (OutboxMail.to_name, OutboxMail.to_address)
        statement = statement.where(or_(*(col(column).icontains(recipient, autoescape=True) for column in columns)))
    if before is not None:
        statement = statement.where(col(OutboxMail.id) < before)
    rows = [MailRow(*row) for row in session.execute(statement)]
    return MailPage(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)
