"""What came to the mailbox, for the secretariat."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from app.models import Account, Department, InboundMail
from app.models.inbound_mail import InboundKind

PAGE = 50


@dataclass(frozen=True, slots=True)
class InboundRow:
    """`account`, `department`: of whom the mail is, where that is known."""

    id: int
    kind: InboundKind
    from_name: str
    from_address: str
    subject: str
    outcome: str
    read_at: datetime
    account: str | None
    department: str | None


@dataclass(frozen=True, slots=True)
class InboundPage:
    """`before` asks for the mails before that id; None on the last page."""

    rows: Sequence[InboundRow]
    before: int | None


def inbound_mails(
    session: Session, region_id: int, *, kind: InboundKind | None = None, before: int | None = None, limit: int = PAGE
) -> InboundPage:
    """Newest first."""
    statement = (
        select_columns(
            col(InboundMail.id),
            col(InboundMail.kind),
            col(InboundMail.from_name),
            col(InboundMail.from_address),
            col(InboundMail.subject),
            col(InboundMail.outcome),
            col(InboundMail.read_at),
            col(Account.name),
            col(Department.name),
        )
        .outerjoin(Account, col(Account.id) == InboundMail.account_id)
        .outerjoin(Department, col(Department.id) == InboundMail.department_id)
        .where(col(InboundMail.region_id) == region_id)
        .order_by(col(InboundMail.id).desc())
        .limit(limit + 1)
    )
    if kind is not None:
        statement = statement.where(col(InboundMail.kind) == kind)
    if before is not None:
        statement = statement.where(col(InboundMail.id) < before)
    rows = [InboundRow(*row) for row in session.execute(statement)]
    return InboundPage(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)
