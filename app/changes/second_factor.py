"""The second factor, codes that change every 30 seconds (TOTP, RFC 6238): who needs one, and whether it is right."""

from datetime import datetime

import pyotp
from pyotp.exceptions import OTPVerificationError
from sqlalchemy import Table, or_
from sqlmodel import Session, col, select

from app.domain.audit import AuditAction
from app.errors import Unavailable
from app.i18n import gettext as _
from app.models import Account
from app.models.account import AccountRole
from app.sealing import Sealer
from app.settings import Settings
from app.trail import tell

# One interval before and behind: clocks of phones are a little off, and typing takes a moment (RFC 6238, 5.2).
_WINDOW = 1
# Ways of signing in that asked for more than one factor.
_STRONG = frozenset({"totp", "provider-mfa"})
_ACCOUNT: Table = Account.__table__  # type: ignore[attr-defined]


def factor_wanted(account: Account, settings: Settings) -> bool:
    """Whether a right password is not enough for this account, because it has a second factor.

    An account whose role must have one and has none comes in and finds nothing open but the page to set it up
    (`factor_missing`), so that its owner needs no second way in.
    """
    del settings
    return account.totp_secret is not None


def factor_missing(role: AccountRole, way: str, settings: Settings) -> bool:
    """Whether a session that was begun by this way opens nothing until a second factor is set up.

    It is asked at every page, so that a role from which the factor is demanded later is stopped in the sessions it has.
    """
    return role.value in settings.factor_roles and way not in _STRONG


def code_step(secret: str, code: str, wall: datetime) -> int | None:
    """The interval since 1970 whose code this is, or None. `secret` in base32; `wall` is the real moment."""
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(code, for_time=wall, valid_window=_WINDOW)
    except OTPVerificationError:
        return None


def use_step(session: Session, account_id: int, step: int) -> bool:
    """A code is good once (RFC 6238, 5.2; ASVS 5.0 6.5.1): False when it, or one that came after it, was used.

    Of two at once one wins. It is sent past the audit trail, which tells of the sign-in and not of the counter.
    """
    used = col(Account.totp_step)
    done = session.connection().execute(
        _ACCOUNT.update().where(_ACCOUNT.c.id == account_id, or_(used.is_(None), used < step)).values(totp_step=step)
    )
    return done.rowcount == 1


def locked_account(session: Session, account_id: int) -> Account:
    """As it stands now, and nobody else changes it until the commit; entries of the trail may still name it."""
    asked = select(Account).where(Account.id == account_id).with_for_update(key_share=True)
    return session.exec(asked.execution_options(populate_existing=True)).one()


def sealed_secret(sealer: Sealer, account: Account, secret: str) -> str:
    """As the column keeps it; sealed with its account's number, it is of no use in another row."""
    return sealer.seal(f"{account.id}:{secret}")


def kept_secret(sealer: Sealer, account: Account) -> str:
    """Raises Unavailable when the key of the installation is missing or another one."""
    owner, _mark, secret = sealer.open(account.totp_secret or "").partition(":")
    if owner != str(account.id):
        raise Unavailable(_("服务器的密钥文件与数据不符，无法核对动态码，请联系系统管理员。"))
    return secret


def tell_of_factor(session: Session, account: Account, reason: str) -> None:
    """What became of the factor; `reason` in the official language."""
    tell(
        session,
        action=AuditAction.SECOND_FACTOR,
        subject_table="account",
        subject_id=account.id,
        subject=account.name,
        reason=reason,
    )
