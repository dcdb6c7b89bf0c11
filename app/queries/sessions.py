"""Who a browser's session belongs to."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session, col, select

from app.models import Account, AccountSession, Department, Region


def signed_in(session: Session, token_sha256: str, *, now: datetime, idle: timedelta) -> Row[Any] | None:
    """(AccountSession, Account, Region, department name) while the session and the account are alive."""
    return session.execute(
        select(AccountSession, Account, Region, Department.name)
        .join(Account, col(Account.id) == AccountSession.account_id)
        .join(Region, col(Region.id) == Account.region_id)
        .outerjoin(Department, col(Department.id) == Account.department_id)
        .where(
            AccountSession.token_sha256 == token_sha256,
            col(AccountSession.expires_at) > now,
            col(AccountSession.seen_at) > now - idle,
            col(Account.active).is_(True),
        )
    ).one_or_none()


def account_by_login(session: Session, login: str) -> Account | None:
    return session.exec(select(Account).where(Account.login == login)).one_or_none()
