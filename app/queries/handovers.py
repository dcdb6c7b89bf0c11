"""Hand-overs: who could take over, what taking over would do, and what was handed over before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.models import Account, AccountSession, ApiToken, Handover, OneTimeLink, OutboxMail, UpdateDraft
from app.models.outbox_mail import MailState

PAGE = 50


@dataclass(frozen=True, slots=True)
class Candidate:
    """`shared`: on how many items both have a draft; they become one and neither text is lost."""

    id: int
    name: str
    login: str
    email: str | None
    shared: int


def candidates(session: Session, account: Account) -> list[Candidate]:
    """Active accounts of the same department and role."""
    theirs = aliased(UpdateDraft)
    shared = (
        select_columns(func.count())
        .select_from(UpdateDraft)
        .join(theirs, col(theirs.obligation_id) == UpdateDraft.obligation_id)
        .where(col(UpdateDraft.account_id) == account.id, col(theirs.account_id) == Account.id)
        .correlate(Account)
        .scalar_subquery()
    )
    return [
        Candidate(*row)
        for row in session.execute(
            select_columns(col(Account.id), col(Account.name), col(Account.login), col(Account.email), shared)
            .where(
                col(Account.region_id) == account.region_id,
                col(Account.department_id).is_not_distinct_from(account.department_id),
                col(Account.role) == account.role,
                col(Account.active).is_(True),
                col(Account.id) != account.id,
            )
            .order_by(col(Account.id))
        )
    ]


@dataclass(frozen=True, slots=True)
class Effects:
    """What ends or changes hands besides the items."""

    drafts: int
    mails: int
    sessions: int
    tokens: int
    links: int


def effects(session: Session, account_id: int, *, now: datetime) -> Effects:
    """One statement."""

    def counted(table: type, *conditions: object) -> object:
        return select_columns(func.count()).select_from(table).where(*conditions).scalar_subquery()  # type: ignore[arg-type]

    row = session.execute(
        select_columns(
            counted(UpdateDraft, col(UpdateDraft.account_id) == account_id),
            counted(
                OutboxMail,
                col(OutboxMail.account_id) == account_id,
                col(OutboxMail.state).in_([MailState.QUEUED, MailState.SENDING]),
            ),
            counted(AccountSession, col(AccountSession.account_id) == account_id, col(AccountSession.expires_at) > now),
            counted(
                ApiToken,
                col(ApiToken.account_id) == account_id,
                col(ApiToken.revoked_at).is_(None),
                col(ApiToken.expires_at) > now,
            ),
            counted(
                OneTimeLink,
                col(OneTimeLink.account_id) == account_id,
                col(OneTimeLink.used_at).is_(None),
                col(OneTimeLink.expires_at) > now,
            ),
        )  # type: ignore[call-overload]
    ).one()
    return Effects(*row)


@dataclass(frozen=True, slots=True)
class HandoverRow:
    """Names as the accounts are called now; the sheet has those of its day."""

    id: int
    on: date
    from_name: str
    to_name: str
    made_at: datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class HandoverPage:
    """`before` asks for the older ones; None on the last page."""

    rows: Sequence[HandoverRow]
    before: int | None


def handovers(
    session: Session, region_id: int, *, account_id: int | None = None, before: int | None = None, limit: int = PAGE
) -> HandoverPage:
    """Newest first; of one account those from it and to it."""
    old, new, maker = aliased(Account), aliased(Account), aliased(Account)
    statement = (
        select_columns(
            col(Handover.id), col(Handover.on), col(old.name), col(new.name), col(Handover.made_at), col(maker.name)
        )
        .join(old, col(old.id) == Handover.from_account_id)
        .join(new, col(new.id) == Handover.to_account_id)
        .join(maker, col(maker.id) == Handover.made_by)
        .where(col(Handover.region_id) == region_id)
        .order_by(col(Handover.id).desc())
        .limit(limit + 1)
    )
    if account_id is not None:
        statement = statement.where(
            (col(Handover.from_account_id) == account_id) | (col(Handover.to_account_id) == account_id)
        )
    if before is not None:
        statement = statement.where(col(Handover.id) < before)
    rows = [HandoverRow(*row) for row in session.execute(statement)]
    return HandoverPage(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)


def last_handover_of(session: Session, account_id: int) -> Handover | None:
    return session.exec(
        select(Handover).where(Handover.from_account_id == account_id).order_by(col(Handover.id).desc()).limit(1)
    ).one_or_none()


def told_for(
    session: Session, region_id: int, accounts: Sequence[int], *, since: date
) -> dict[int, list[tuple[int, date]]]:
    """Account -> (the one for whose reminders it counts as told, until which day).

    Whoever took over was told what the predecessor was told until the day of the hand-over, over several hand-overs.
    """
    heirs: dict[int, list[tuple[int, date]]] = {account: [(account, date.max)] for account in accounts}
    handed = session.execute(
        select_columns(col(Handover.from_account_id), col(Handover.to_account_id), col(Handover.on))
        .where(col(Handover.region_id) == region_id, col(Handover.on) > since)
        .order_by(col(Handover.id).desc())
    ).all()
    for old, new, on in handed:  # newest first: a chain is followed from its end to its beginning
        for heir, until in list(heirs.get(new, ())):
            if heir != old:
                heirs.setdefault(old, []).append((heir, min(on, until)))
    return heirs
