"""Closing an account and opening it again; what it wrote and what its department owes stays."""

from sqlalchemy import delete
from sqlmodel import Session, col

from app.changes.last_secretariat import lock_region, must_not_be_last
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Account, AccountSession


def close_account(session: Session, account: Account, *, by: int) -> None:
    """Ends all its sessions at once; open obligations stay with the department, drafts are kept.

    Raises Invalid for oneself and for the region's last secretariat, Overtaken when it is closed already.
    """
    lock_region(session, account, by=by)
    if account.id == by:
        raise Invalid({"close": _("不能停用自己的账号，请由另一位秘书处人员办理。")})
    if not account.active:
        raise Overtaken(_("此账号已经停用。"))
    if fault := must_not_be_last(session, account):
        raise Invalid({"close": fault})
    account.active = False
    session.add(account)
    end_sessions(session, account)


def reopen_account(session: Session, account: Account, *, by: int) -> None:
    """Raises Overtaken when it is open already."""
    lock_region(session, account, by=by)
    if account.active:
        raise Overtaken(_("此账号已经在用。"))
    account.active = True
    session.add(account)
    end_sessions(session, account)  # one that was begun in the moment of closing must not come back to life


def end_sessions(session: Session, account: Account) -> None:
    session.flush()
    session.exec(delete(AccountSession).where(col(AccountSession.account_id) == account.id))
