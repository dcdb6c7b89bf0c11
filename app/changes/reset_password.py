"""Initial passwords: made here, shown once, kept only as a hash."""

import secrets

from sqlmodel import Session

from app.changes.close_account import end_sessions
from app.changes.last_secretariat import lock_region
from app.changes.sign_in import hash_password
from app.errors import Invalid
from app.i18n import gettext as _
from app.models import Account

# Without what is mistaken for something else when a password is read out or copied by hand.
_SIGNS = "abcdefghijkmnpqrstuvwxyz23456789"
_GROUPS = 4
_GROUP = 4  # 16 signs of 32: 80 bits


def initial_password() -> str:
    """xxxx-xxxx-xxxx-xxxx."""
    return "-".join("".join(secrets.choice(_SIGNS) for _sign in range(_GROUP)) for _group in range(_GROUPS))


def reset_password(session: Session, account: Account, *, by: int) -> str:
    """The new initial password; all sessions of the account end. Raises Invalid for a closed account."""
    hashed = hash_password(password := initial_password())
    lock_region(session, account, by=by)
    if not account.active:
        raise Invalid({"reset": _("此账号已停用，请先启用再重设密码。")})
    account.password_hash = hashed
    session.add(account)
    end_sessions(session, account)
    return password
