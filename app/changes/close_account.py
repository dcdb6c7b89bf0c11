"""Closing an account and opening it again; what it wrote and what its department owes stays."""

from datetime import datetime

from sqlmodel import Session

from app.changes.api_tokens import drop_tokens
from app.changes.end_sessions import end_sessions
from app.changes.known_devices import forget_devices
from app.changes.last_secretariat import lock_region, must_not_be_last
from app.changes.one_time_links import revoke_links
from app.changes.report_links import revoke_report_links
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Account


def close_account(session: Session, account: Account, *, by: int | None, now: datetime, separate: bool = False) -> None:
    """Ends all its sessions and links at once; open obligations stay with the department, drafts are kept.

    Raises Invalid for oneself and for the region's last secretariat or keeper of accounts, Overtaken when it is
    closed already. `separate`: whether duties are.
    """
    lock_region(session, account, by=by, separate=separate)
    if account.id == by:
        raise Invalid({"close": _("不能停用自己的账号，请由另一位管理账号的人员办理。")})
    if not account.active:
        raise Overtaken(_("此账号已经停用。"))
    if fault := must_not_be_last(session, account, separate=separate):
        raise Invalid({"close": fault})
    account.active = False
    session.add(account)
    end_sessions(session, account)
    revoke_links(session, account.id or 0)
    revoke_report_links(session, account.id or 0, now=now)
    forget_devices(session, account.id or 0)
    drop_tokens(session, account.id or 0)


def reopen_account(session: Session, account: Account, *, by: int | None, separate: bool = False) -> None:
    """Raises Overtaken when it is open already."""
    lock_region(session, account, by=by, separate=separate)
    if account.active:
        raise Overtaken(_("此账号已经在用。"))
    account.active = True
    session.add(account)
    end_sessions(session, account)  # one that was begun in the moment of closing must not come back to life
