"""Tries at a secret are counted before they are looked at: many at once cannot slip past the count.

A try is written down as failed and committed; then the password is looked at, which takes its time; then a right one is
struck out again. A program that dies in between leaves one failure too many, which fades like all others.
"""

import hashlib
import hmac
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func
from sqlmodel import Session, col, select

from app.domain.sign_in_brake import (
    COUNTED_FOR,
    LINKS_OF_LOGIN,
    LINKS_OF_NETWORK,
    OF_DEVICE,
    OF_LOGIN,
    OF_NETWORK,
    Limits,
    most_counted,
    network_of,
    next_try,
)
from app.errors import TooManyTries, Unavailable
from app.i18n import ngettext
from app.models import SignInFailure
from app.sealing import Sealer
from app.settings import Settings

_LONG_MINUTES = 90
_LOCK = int.from_bytes(hashlib.sha256(b"duban sign-in brake").digest()[:8], signed=True)


@dataclass(frozen=True, slots=True)
class Counted:
    """A try that was let through and counts as failed for now. `closes`: if it fails, the next one is taken then."""

    failure_id: int
    device_id: int | None = None
    closes: datetime | None = None


def count_sign_in(
    session: Session, login: str, *, address: str, device_id: int | None, settings: Settings, now: datetime
) -> Counted:
    """Raises TooManyTries. `device_id`: the known browser of this very account from which it comes, if any."""
    row = SignInFailure(
        login_sha256=_covered("sign-in", login, settings), network=network_of(address), device_id=device_id, at=now
    )
    if device_id is not None:
        return _count(session, row, [(col(SignInFailure.device_id) == device_id, OF_DEVICE)], now)
    elsewhere = col(SignInFailure.device_id).is_(None)
    of_login = col(SignInFailure.login_sha256) == row.login_sha256
    of_network = col(SignInFailure.network) == row.network
    return _count(session, row, [(of_login & elsewhere, OF_LOGIN), (of_network & elsewhere, OF_NETWORK)], now)


def count_link(session: Session, login: str, *, address: str, settings: Settings, now: datetime) -> Counted:
    """Somebody asks for a link by mail. Raises TooManyTries, for logins that nobody has as for all others."""
    row = SignInFailure(
        login_sha256=_covered("link", login, settings), network=f"link {network_of(address)}"[:64], at=now
    )
    of_login = col(SignInFailure.login_sha256) == row.login_sha256
    of_network = col(SignInFailure.network) == row.network
    return _count(session, row, [(of_login, LINKS_OF_LOGIN), (of_network, LINKS_OF_NETWORK)], now)


def count_own_password(session: Session, account_id: int, *, settings: Settings, now: datetime) -> Counted:
    """Somebody signed in says the password again before it is changed. Raises TooManyTries."""
    row = SignInFailure(login_sha256=_covered("own", str(account_id), settings), network="", at=now)
    return _count(session, row, [(col(SignInFailure.login_sha256) == row.login_sha256, OF_LOGIN)], now)


def count_code(session: Session, account_id: int, *, settings: Settings, now: datetime) -> Counted:
    """A code of the second factor, typed by somebody who knows the password. Raises TooManyTries."""
    row = SignInFailure(login_sha256=_covered("code", str(account_id), settings), network="", at=now)
    return _count(session, row, [(col(SignInFailure.login_sha256) == row.login_sha256, OF_LOGIN)], now)


def count_wrong_token(session: Session, *, address: str, now: datetime) -> None:
    """A token of the API that is none. Raises TooManyTries. Right ones are never counted: nobody is kept out."""
    row = SignInFailure(login_sha256="", network=f"token {network_of(address)}"[:64], at=now)
    _count(session, row, [(col(SignInFailure.network) == row.network, OF_NETWORK)], now)


def _count(
    session: Session, row: SignInFailure, counts: Sequence[tuple[ColumnElement[bool], Limits]], now: datetime
) -> Counted:
    _one_at_a_time(session)
    session.exec(delete(SignInFailure).where(col(SignInFailure.at) < now - COUNTED_FOR))
    failures = [(_newest(session, which, limits), limits) for which, limits in counts]
    opens = [moment for found, limits in failures if (moment := next_try(found, limits, now)) is not None]
    if opens:
        wait = max(opens) - now
        raise TooManyTries(_sentence(wait), wait)
    session.add(row)
    session.flush()
    closes = [moment for found, limits in failures if (moment := next_try([now, *found], limits, now)) is not None]
    return Counted(row.id or 0, row.device_id, max(closes, default=None))


def _sentence(wait: timedelta) -> str:
    minutes = math.ceil(wait / timedelta(minutes=1))
    if minutes <= _LONG_MINUTES:
        said = ngettext("尝试次数过多，请%(count)s分钟后再试。", "尝试次数过多，请%(count)s分钟后再试。", minutes)
        return said % {"count": minutes}
    hours = math.ceil(wait / timedelta(hours=1))
    said = ngettext("尝试次数过多，请%(count)s小时后再试。", "尝试次数过多，请%(count)s小时后再试。", hours)
    return said % {"count": hours}


def _newest(session: Session, which: ColumnElement[bool], limits: Limits) -> Sequence[datetime]:
    return session.exec(
        select(SignInFailure.at).where(which).order_by(col(SignInFailure.at).desc()).limit(most_counted(limits))
    ).all()


def _one_at_a_time(session: Session) -> None:
    """Until the commit, a few milliseconds later. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def strike_out(session: Session, counted: Counted) -> None:
    """The try was right. What a known browser failed before is forgotten: its owner is there.

    Elsewhere only this try is, or whoever guesses would begin anew each time that the owner signs in.
    """
    which = col(SignInFailure.id) == counted.failure_id
    if counted.device_id is not None:
        which = which | (col(SignInFailure.device_id) == counted.device_id)
    session.exec(delete(SignInFailure).where(which))


def _covered(purpose: str, typed: str, settings: Settings) -> str:
    """What was typed may be a password in the wrong field: hashed under the key of this installation, if it has one."""
    sealer = Sealer(settings.var_dir)
    try:
        key = sealer.derived("sign-in brake", 32) if sealer.exists() else b"duban"
    except Unavailable:
        key = b"duban"  # a damaged key is said where it is needed; here it must not keep everybody out
    return hmac.new(key, f"{purpose}\0{typed}".encode(), hashlib.sha256).hexdigest()
