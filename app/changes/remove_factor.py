"""Removing a second factor: by its owner with a password, by who keeps the accounts when the phone is lost."""

from datetime import datetime

from sqlmodel import Session

from app.changes.end_sessions import end_sessions
from app.changes.last_secretariat import lock_region
from app.changes.second_factor import tell_of_factor
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.i18n import officially
from app.mail.factor_letter import FactorNews, queue_factor_letter
from app.models import Account
from app.settings import Settings


def remove_factor(session: Session, account: Account, *, keep: int | None, settings: Settings, now: datetime) -> None:
    """`account` is locked and its owner has just shown to be the owner. Ends all sessions but `keep`.

    Raises Invalid where the role demands a factor, Overtaken when there is none.
    """
    if account.totp_secret is None:
        raise Overtaken(_("第二重验证已经移除。"))
    if account.role.value in settings.factor_roles:
        raise Invalid({"password": _("您的角色必须使用第二重验证，不能移除，只能换新设备。")})
    _clear(session, account)
    end_sessions(session, account, but=keep)
    with officially():
        tell_of_factor(session, account, _("移除"))
    queue_factor_letter(session, account, FactorNews.REMOVED, settings=settings, now=now)


def reset_factor(session: Session, account: Account, *, by: int | None, settings: Settings, now: datetime) -> None:
    """For an owner whose phone is gone; all sessions of the account end, and a mail tells the owner.

    `by`: None on the command line. Raises Invalid for one's own account: whoever holds it for a moment would be rid of
    its second factor without the password. Raises Overtaken when there is none.
    """
    lock_region(session, account, by=by, separate=settings.separate_duties)
    if account.id == by:
        raise Invalid({"factor": _("不能重置自己的第二重验证，请由另一位管理账号的人员办理，或在“我的账号”中移除。")})
    if account.totp_secret is None:
        raise Overtaken(_("此账号没有设置第二重验证。"))
    _clear(session, account)
    end_sessions(session, account)
    with officially():
        tell_of_factor(session, account, _("重置"))
    queue_factor_letter(session, account, FactorNews.RESET, settings=settings, now=now)


def _clear(session: Session, account: Account) -> None:
    account.totp_secret = account.totp_step = None
    session.add(account)
    session.flush()
