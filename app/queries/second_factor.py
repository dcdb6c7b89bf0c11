"""One's own second factor and the session that asks about it."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from app.models import Account, AccountSession


@dataclass(frozen=True, slots=True)
class OwnFactor:
    """`living`: the session of this very browser."""

    account: Account
    living: AccountSession


def own_factor(session: Session, session_sha256: str) -> OwnFactor | None:
    row = session.exec(
        select(Account, AccountSession)
        .join(AccountSession, col(AccountSession.account_id) == Account.id)
        .where(AccountSession.token_sha256 == session_sha256, col(AccountSession.factor_due).is_(False))
    ).one_or_none()
    return OwnFactor(*row) if row is not None else None
