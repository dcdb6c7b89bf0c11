"""Who a browser's session belongs to."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.models import Account, AccountSession, Department, Region


@dataclass(frozen=True, slots=True)
class Found:
    """A living session; `department` is None for an account of the whole region."""

    living: AccountSession
    account: Account
    region: Region
    department: str | None


def signed_in(
    session: Session, token_sha256: str, *, now: datetime, idle: timedelta, factor_due: bool = False
) -> Found | None:
    """While the session and the account are alive.

    `factor_due` asks for sessions that still wait for their second factor, and for no others: they open no page.
    """
    row = session.exec(
        select(AccountSession, Account, Region, Department.name)
        .join(Account, col(Account.id) == AccountSession.account_id)
        .join(Region, col(Region.id) == Account.region_id)
        .outerjoin(Department, col(Department.id) == Account.department_id)
        .where(
            AccountSession.token_sha256 == token_sha256,
            col(AccountSession.expires_at) > now,
            col(AccountSession.seen_at) > now - idle,
            col(Account.active).is_(True),
            col(AccountSession.factor_due).is_(factor_due),
        )
    ).one_or_none()
    return Found(*row) if row is not None else None


def account_by_login(session: Session, login: str) -> Account | None:
    return session.exec(select(Account).where(Account.login == login)).one_or_none()
