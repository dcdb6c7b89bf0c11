"""Signing in and out: server-side sessions, the table holds only a hash of the token."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from app.access import may_sign_in
from app.changes.known_devices import make_known
from app.changes.one_time_links import FIRST_LASTS
from app.changes.password_hash import nobodys_hash, verify_password
from app.changes.password_rules import password_opens
from app.changes.second_factor import factor_wanted
from app.changes.sign_in_brake import Counted, strike_out
from app.changes.token_hash import token_sha256
from app.domain.audit import ActResult, AuditAction
from app.errors import Invalid
from app.i18n import gettext as _
from app.i18n import officially
from app.models import Account, AccountSession
from app.queries.sessions import account_by_login
from app.settings import Settings
from app.trail import tell

_TOUCH_AFTER = timedelta(minutes=1)
# A session that waits for its second factor waits no longer than it takes to find the phone.
FACTOR_LASTS = timedelta(minutes=10)
LONGEST_AGENT = 200
LONGEST_PLACE = 64


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`token` goes into the cookie and nowhere else. `factor_due`: it opens the second factor's page and no other.

    `devices`: what the browser carries from now on so that it is known again; None: what it has.
    """

    token: str
    account_id: int
    csrf: str
    factor_due: bool = False
    devices: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Browser:
    """What a sign-in comes from: `address` as the proxies in front say, `agent` what the browser calls itself.

    `session`: the token of the session that it has and that ends. `devices`: tokens by which it is known.
    """

    address: str = ""
    agent: str = ""
    session: str = ""
    devices: tuple[str, ...] = ()


def open_session(
    session: Session,
    account_id: int,
    *,
    now: datetime,
    lasts: timedelta,
    way: str,
    address: str,
    agent: str,
    factor_due: bool,
) -> SignedIn:
    """A new session under a token of its own; whoever held a session of this browser ends it first (`end_session`).

    `way`: password, totp, link or provider. With `factor_due` the session opens the second factor's page alone and is
    replaced by a new one, never upgraded, when the factor was right (ASVS 5.0 7.2.4).
    """
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    session.add(
        AccountSession(
            account_id=account_id,
            token_sha256=token_sha256(token),
            csrf=csrf,
            factor_due=factor_due,
            way=way,
            address=address[:LONGEST_PLACE],
            agent=agent[:LONGEST_AGENT],
            created_at=now,
            seen_at=now,
            expires_at=now + (min(lasts, FACTOR_LASTS) if factor_due else lasts),
        )
    )
    session.exec(delete(AccountSession).where(col(AccountSession.expires_at) < now))
    session.flush()
    return SignedIn(token, account_id, csrf, factor_due)


def sign_in(
    session: Session,
    login: str,
    password: str,
    *,
    now: datetime,
    lasts: timedelta,
    settings: Settings,
    browser: Browser = Browser(),
    counted: Counted | None = None,
) -> SignedIn:
    """`counted`: this very try, which was counted as failed before.

    Raises Invalid with one sentence for unknown name, wrong password and closed account alike. What was refused is told
    to the trail: commit it all the same.
    """
    account = account_by_login(session, login)
    hashed = account.password_hash if account else nobodys_hash()
    account_id = account.id if account else None
    session.rollback()  # lets go of the write lock: the hash takes its time by design, others must not wait for it
    right, renewed = verify_password(password, hashed)
    account = _still_so(session, account_id, hashed) if account_id is not None else None
    if account is None or not right or not may_sign_in(account) or not password_opens(account.role, settings):
        _tell_refused(session, account, right=right, closes=counted.closes if counted else None)
        raise Invalid({"login": _("账号或密码不正确，或账号已停用。")})
    if counted is not None:
        strike_out(session, counted)
    if is_stale(account, now):
        with officially():
            reason = _("初始密码已过期")
        tell_of(session, account, action=AuditAction.SIGN_IN, outcome=ActResult.REFUSED, reason=reason, acting=False)
        raise Invalid({"login": _("初始密码已过期，请联系管理账号的人员重设。")})
    if renewed:
        account.password_hash = renewed
    return enter(session, account, now=now, lasts=lasts, settings=settings, way="password", browser=browser)


def is_stale(account: Account, now: datetime) -> bool:
    """A password that somebody else made and nobody has used for a week (ASVS 5.0 6.4.1)."""
    return account.must_change and account.password_set_at is not None and account.password_set_at + FIRST_LASTS <= now


def enter(
    session: Session,
    account: Account,
    *,
    now: datetime,
    lasts: timedelta,
    settings: Settings,
    way: str,
    browser: Browser,
) -> SignedIn:
    """Somebody has shown to be `account`, by `way`; whether that is enough is the second factor's to say.

    The session that the browser had ends, whoever's it was.
    """
    if browser.session:
        end_session(session, browser.session)
    factor_due = factor_wanted(account, settings)
    entered = open_session(
        session,
        account.id or 0,
        now=now,
        lasts=lasts,
        way=way,
        address=browser.address,
        agent=browser.agent,
        factor_due=factor_due,
    )
    tell_of(session, account, action=AuditAction.SIGN_IN, reason=_entered_by(way, factor_due=factor_due))
    if way in {"password", "link"}:
        return replace(entered, devices=make_known(session, account.id or 0, browser.devices, now=now))
    return entered


@officially()
def _entered_by(way: str, *, factor_due: bool) -> str:
    ways = {"password": _("密码登录"), "link": _("一次性链接登录"), "provider": _("统一身份认证登录")}
    said = ways.get(way, way)
    return _("%(way)s，待第二重验证") % {"way": said} if factor_due else said


def tell_of(
    session: Session,
    account: Account,
    *,
    action: AuditAction,
    reason: str = "",
    outcome: ActResult = ActResult.DONE,
    acting: bool = True,
) -> None:
    """An entry about an account whose owner is not signed in yet. Not `acting`: somebody who claims to be the owner."""
    who = {"actor_id": account.id, "actor": account.name, "role": account.role.value} if acting else {}
    tell(
        session,
        action=action,
        outcome=outcome,
        region_id=account.region_id,
        subject_table="account",
        subject_id=account.id,
        subject=account.name,
        reason=reason,
        **who,
    )


@officially()
def _tell_refused(session: Session, account: Account | None, *, right: bool, closes: datetime | None) -> None:
    """Never the login that was typed: it may be a password in the wrong field."""
    refused = ActResult.REFUSED
    reason = _("账号已停用，或不能用密码登录") if right else _("密码不正确")
    if account is None:
        reason = _("没有这个登录名")
    if closes is not None:
        reason = _("%(reason)s；失败次数已满，暂停接受尝试") % {"reason": reason}
    if account is None:
        tell(session, action=AuditAction.SIGN_IN, outcome=refused, reason=reason)
    else:
        tell_of(session, account, action=AuditAction.SIGN_IN, outcome=refused, reason=reason, acting=False)


def _still_so(session: Session, account_id: int, hashed: str) -> Account | None:
    """While the hash took its time the account may have got another password and lost its sessions.

    The row is locked until the new session stands, so that what ends the sessions comes before it or finds it.
    """
    return session.exec(
        select(Account).where(Account.id == account_id, Account.password_hash == hashed).with_for_update(key_share=True)
    ).first()


def end_session(session: Session, token: str) -> None:
    """The session of a browser that signs out, or signs in anew."""
    session.exec(delete(AccountSession).where(col(AccountSession.token_sha256) == token_sha256(token)))


def sign_out(session: Session, token: str) -> None:
    end_session(session, token)
    tell(session, action=AuditAction.SIGN_OUT)


def touch_session(session: Session, session_id: int, *, now: datetime) -> None:
    """Notes that the session is in use."""
    session.exec(update(AccountSession).where(col(AccountSession.id) == session_id).values(seen_at=now))


def wants_touch(seen_at: datetime, now: datetime) -> bool:
    """Not on every page: one write a minute is enough for an idle limit of minutes."""
    return now - seen_at > _TOUCH_AFTER
