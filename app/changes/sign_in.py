"""Signing in and out: server-side sessions, the table holds only a hash of the token."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from pwdlib import PasswordHash
from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from app.access import may_sign_in
from app.errors import Invalid
from app.i18n import gettext as _
from app.models import Account, AccountSession
from app.queries.sessions import account_by_login

_hasher = PasswordHash.recommended()
# Verified when the login is unknown, so that an answer takes as long as for a known one.
_NOBODY = _hasher.hash(secrets.token_hex(16))
_TOUCH_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`token` goes into the cookie and nowhere else."""

    token: str
    account_id: int
    csrf: str


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def token_sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def sign_in(session: Session, login: str, password: str, *, now: datetime, lasts: timedelta) -> SignedIn:
    """Raises Invalid with one sentence for unknown name, wrong password and closed account alike."""
    account = account_by_login(session, login)
    account_id = account.id if account and may_sign_in(account) else None
    hashed = account.password_hash if account else _NOBODY
    session.rollback()  # lets go of the write lock: the hash takes its time by design, others must not wait for it
    right = _hasher.verify(password, hashed)
    if account_id is None or not right or not _still_so(session, account_id, hashed):
        raise Invalid({"login": _("账号或密码不正确，或账号已停用。")})
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    session.add(
        AccountSession(
            account_id=account_id,
            token_sha256=token_sha256(token),
            csrf=csrf,
            created_at=now,
            seen_at=now,
            expires_at=now + lasts,
        )
    )
    session.exec(delete(AccountSession).where(col(AccountSession.expires_at) < now))
    session.flush()
    return SignedIn(token, account_id, csrf)


def _still_so(session: Session, account_id: int, hashed: str) -> bool:
    """While the hash took its time the account may have been closed, or got another password and lost its sessions.

    The row is locked until the new session stands, so that what ends the sessions comes before it or finds it.
    """
    found = session.exec(
        select(Account.id)
        .where(Account.id == account_id, Account.password_hash == hashed, col(Account.active).is_(True))
        .with_for_update()
    )
    return found.first() is not None


def sign_out(session: Session, token: str) -> None:
    session.exec(delete(AccountSession).where(col(AccountSession.token_sha256) == token_sha256(token)))


def touch_session(session: Session, session_id: int, *, now: datetime) -> None:
    """Notes that the session is in use."""
    session.exec(update(AccountSession).where(col(AccountSession.id) == session_id).values(seen_at=now))


def wants_touch(seen_at: datetime, now: datetime) -> bool:
    """Not on every page: one write a minute is enough for an idle limit of minutes."""
    return now - seen_at > _TOUCH_AFTER
