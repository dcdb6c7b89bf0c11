"""Browsers in which an account has signed in before, by a cookie of their own (OWASP, Device Cookies).

A browser that several accounts share carries one token for each. A token is good for being counted by itself, for
nothing else, and is written anew at every sign-in.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.changes.token_hash import token_sha256
from app.models import Account, KnownDevice

FORGOTTEN_AFTER = timedelta(days=400)  # longer than browsers keep a cookie
MOST_OF_ACCOUNT = 20
MOST_IN_BROWSER = 5


def known_device(session: Session, login: str, tokens: Sequence[str]) -> int | None:
    """The device of the account with this login that one of the browser's tokens stands for."""
    if not tokens:
        return None
    hashes = [token_sha256(token) for token in tokens[:MOST_IN_BROWSER]]
    return session.exec(
        select(KnownDevice.id)
        .join(Account, col(Account.id) == KnownDevice.account_id)
        .where(Account.login == login, col(KnownDevice.token_sha256).in_(hashes))
    ).first()


def make_known(session: Session, account_id: int, tokens: Sequence[str], *, now: datetime) -> tuple[str, ...]:
    """The tokens that the browser carries from now on; the account's own is new, the others stay."""
    hashes = {token_sha256(token): token for token in tokens[:MOST_IN_BROWSER]}
    row = (
        session.exec(
            select(KnownDevice).where(
                KnownDevice.account_id == account_id, col(KnownDevice.token_sha256).in_(list(hashes))
            )
        ).first()
        if hashes
        else None
    )
    if row is None:
        row = KnownDevice(account_id=account_id, token_sha256="", created_at=now, seen_at=now)
    else:
        hashes.pop(row.token_sha256, None)
    token = secrets.token_urlsafe(32)
    row.token_sha256 = token_sha256(token)
    row.seen_at = now
    session.add(row)
    session.flush()
    _forget_old(session, account_id, now)
    return (token, *hashes.values())[:MOST_IN_BROWSER]


def forget_devices(session: Session, account_id: int) -> None:
    """Whoever had the password before is nobody known any more."""
    session.exec(delete(KnownDevice).where(col(KnownDevice.account_id) == account_id))


def _forget_old(session: Session, account_id: int, now: datetime) -> None:
    newest = (
        select(KnownDevice.id)
        .where(KnownDevice.account_id == account_id)
        .order_by(col(KnownDevice.seen_at).desc(), col(KnownDevice.id).desc())
        .limit(MOST_OF_ACCOUNT)
    )
    stays = col(KnownDevice.id).in_(newest) & (col(KnownDevice.seen_at) > now - FORGOTTEN_AFTER)
    session.exec(delete(KnownDevice).where(col(KnownDevice.account_id) == account_id, ~stays))
