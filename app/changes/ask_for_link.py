"""Somebody who is not signed in asks for a link to set a new password."""

from datetime import datetime

from sqlmodel import Session

from app.access import may_sign_in
from app.changes.password_rules import password_opens
from app.changes.reset_password import mailed_link
from app.changes.sign_in import tell_of
from app.domain.audit import ActResult, AuditAction
from app.i18n import gettext as _
from app.i18n import officially
from app.models.one_time_link import LinkPurpose
from app.queries.sessions import account_by_login
from app.settings import Settings
from app.trail import tell


@officially()
def ask_for_link(session: Session, login: str, *, settings: Settings, now: datetime) -> None:
    """Mails it where there is an open account with an address. Who asked learns nothing of it: answer before."""
    account = account_by_login(session, login)
    made = AuditAction.LINK_MADE
    if account is None:
        tell(session, action=made, outcome=ActResult.REFUSED, reason=_("没有这个登录名"))
        return
    if not may_sign_in(account) or not account.email or not password_opens(account.role, settings):
        reason = _("账号没有邮箱") if not account.email else _("账号已停用，或不能用密码登录")
        tell_of(session, account, action=made, outcome=ActResult.REFUSED, reason=reason, acting=False)
        return
    mailed_link(session, account, LinkPurpose.RESET, by=None, settings=settings, now=now)
    tell_of(session, account, action=made, reason=_("在登录页申请"), acting=False)
