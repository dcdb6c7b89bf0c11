"""Who keeps the accounts takes a password away: its owner gets a link, or an initial password to begin with.

Nobody but the owner chooses a password (ASVS 5.0 6.4.6). An initial password is shown once to who made it, where there
is no address for a link; it is good for choosing another one only.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, exists, select

from app.changes.api_tokens import revoke_all_tokens
from app.changes.end_sessions import end_sessions
from app.changes.known_devices import forget_devices
from app.changes.last_secretariat import lock_region
from app.changes.one_time_links import FIRST_LASTS, link_lasts, make_link, revoke_links
from app.changes.password_hash import hash_password, unusable_hash
from app.changes.report_links import revoke_report_links
from app.domain.audit import AuditAction
from app.errors import Invalid
from app.i18n import gettext as _
from app.mail.account_letters import link_path, mail_link
from app.mail.compose import Composer
from app.models import Account, OneTimeLink
from app.models.one_time_link import LinkPurpose
from app.settings import Settings
from app.trail import tell

# Without what is mistaken for something else when a password is read out or copied by hand.
_SIGNS = "abcdefghijkmnpqrstuvwxyz23456789"
_GROUPS = 4
_GROUP = 4  # 16 signs of 32: 80 bits


@dataclass(frozen=True, slots=True)
class WayIn:
    """How the owner of an account gets in: a link that was mailed until `expires`, or one of what is shown once.

    `path`: of a link that was not mailed. `password`: an initial one.
    """

    expires: datetime
    mailed_to: str | None = None
    path: str | None = None
    password: str | None = None


def initial_password() -> str:
    """xxxx-xxxx-xxxx-xxxx."""
    return "-".join("".join(secrets.choice(_SIGNS) for _sign in range(_GROUP)) for _group in range(_GROUPS))


def first_way_in(session: Session, account: Account, *, by: int | None, settings: Settings, now: datetime) -> WayIn:
    """Of a new account, which has no password yet: a mailed link, without an address an initial password."""
    if account.email:
        return mailed_link(session, account, LinkPurpose.FIRST, by=by, settings=settings, now=now)
    return _initial(account, hash_password(password := initial_password()), password, now)


def reset_password(
    session: Session, account: Account, *, by: int, settings: Settings, now: datetime, separate: bool = False
) -> WayIn:
    """The old password is void and all sessions end. Raises Invalid for a closed account."""
    password = None if account.email else initial_password()
    hashed = hash_password(password) if password else unusable_hash()
    lock_region(session, account, by=by, separate=separate)
    if not account.active:
        raise Invalid({"reset": _("此账号已停用，请先启用再重设密码。")})
    purpose = LinkPurpose.FIRST if has_never_begun(session, account) else LinkPurpose.RESET
    end_sessions(session, account)
    forget_devices(session, account.id or 0)
    revoke_links(session, account.id or 0)
    revoke_report_links(session, account.id or 0, now=now)
    revoke_all_tokens(session, account.id or 0, now=now)
    account.password_hash = hashed
    session.add(account)
    tell(session, action=AuditAction.PASSWORD_CHANGED)
    if password is not None:
        return _initial(account, hashed, password, now)
    account.must_change = False
    if not account.email:  # it was taken away since it was looked at
        return shown_link(session, account, purpose, by=by, settings=settings, now=now)
    return mailed_link(session, account, purpose, by=by, settings=settings, now=now)


def mailed_link(
    session: Session, account: Account, purpose: LinkPurpose, *, by: int | None, settings: Settings, now: datetime
) -> WayIn:
    lasts = link_lasts(purpose, settings)
    token, link = make_link(session, account, purpose, by=by, lasts=lasts, now=now)
    mail_link(session, Composer(settings), account, link=link, token=token, now=now)
    return WayIn(link.expires_at, mailed_to=account.email)


def shown_link(
    session: Session, account: Account, purpose: LinkPurpose, *, by: int | None, settings: Settings, now: datetime
) -> WayIn:
    """For who makes it to hand on: on the command line, when mail is down."""
    lasts = link_lasts(purpose, settings)
    token, link = make_link(session, account, purpose, by=by, lasts=lasts, now=now)
    return WayIn(link.expires_at, path=link_path(token))


def _initial(account: Account, hashed: str, password: str, now: datetime) -> WayIn:
    account.password_hash = hashed
    account.must_change = True
    account.password_set_at = now
    return WayIn(now + FIRST_LASTS, password=password)


def has_never_begun(session: Session, account: Account) -> bool:
    """Its first link was never used."""
    waiting = exists().where(
        col(OneTimeLink.account_id) == account.id,
        col(OneTimeLink.purpose) == LinkPurpose.FIRST,
        col(OneTimeLink.used_at).is_(None),
    )
    return bool(session.exec(select(waiting)).one())
