"""A one-time link is used: its account gets the password that its owner chose, and the browser is signed in."""

from datetime import datetime, timedelta

from sqlmodel import Session

from app.changes.api_tokens import revoke_all_tokens
from app.changes.one_time_links import use_up
from app.changes.set_password import ChosenPassword, set_password
from app.changes.sign_in import Browser, SignedIn, enter
from app.domain.audit import AuditAction
from app.domain.password_policy import PasswordPolicy
from app.errors import Overtaken
from app.i18n import gettext as _
from app.i18n import officially
from app.mail.account_letters import mail_notice
from app.mail.compose import Composer
from app.models import Account
from app.queries.one_time_links import LivingLink
from app.settings import Settings
from app.trail import tell


def use_link(
    session: Session,
    link: LivingLink,
    chosen: ChosenPassword,
    policy: PasswordPolicy,
    *,
    settings: Settings,
    browser: Browser,
    now: datetime,
) -> SignedIn:
    """The second factor is still asked for where there is one (ASVS 5.0 6.4.3). Raises Overtaken for a void link."""
    if not use_up(session, link.id, now=now):
        raise Overtaken
    account = session.get_one(Account, link.account.id)
    set_password(session, account, chosen, policy, now=now)
    revoke_all_tokens(session, account.id or 0, now=now)
    mail_notice(session, Composer(settings), account, about="password_changed", address=account.email, now=now)
    lasts = timedelta(hours=settings.session_hours)
    entered = enter(session, account, now=now, lasts=lasts, settings=settings, way="link", browser=browser)
    with officially():
        tell(session, action=AuditAction.PASSWORD_CHANGED, reason=_("用一次性链接设置密码并登录"))
    return entered
