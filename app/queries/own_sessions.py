"""Where an account is signed in."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.models import AccountSession


def living_sessions(session: Session, account_id: int, *, now: datetime, idle: timedelta) -> Sequence[AccountSession]:
    """Newest use first."""
    return session.exec(
        select(AccountSession)
        .where(
            AccountSession.account_id == account_id,
            col(AccountSession.expires_at) > now,
            col(AccountSession.seen_at) > now - idle,
            col(AccountSession.factor_due).is_(False),
        )
        .order_by(col(AccountSession.seen_at).desc(), col(AccountSession.id).desc())
    ).all()


def living_session(session: Session, token_sha256: str) -> int | None:
    """The session of the browser that asks."""
    return session.exec(select(AccountSession.id).where(AccountSession.token_sha256 == token_sha256)).first()
