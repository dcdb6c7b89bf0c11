"""Whom the identity provider names comes in, if an account of ours is meant: none is made by itself."""

from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.access import may_sign_in
from app.changes.second_factor import factor_wanted, locked_account
from app.changes.sign_in import Browser, SignedIn, end_session, open_session, tell_of
from app.domain.audit import ActResult, AuditAction
from app.domain.second_factor import proves_two_factors
from app.errors import DubanError
from app.i18n import gettext as _
from app.i18n import officially
from app.identity_provider import Said
from app.identity_provider.provider import BY_EMAIL
from app.models import Account
from app.settings import Settings
from app.trail import tell

LONGEST_EMAIL, LONGEST_LOGIN = 254, 64


class NotAdmitted(DubanError):
    """The provider knows the person, we have no account that is theirs."""


def enter_by_provider(session: Session, said: Said, *, settings: Settings, now: datetime, browser: Browser) -> SignedIn:
    """The account is found by the link of an earlier sign-in, else as DUBAN_OIDC_MATCH says, and linked then.

    A second factor of ours is asked for unless the signed token says that two were asked for there. Raises NotAdmitted,
    which is told to the trail: commit it all the same.
    """
    subject = f"{said.issuer} {said.subject}"
    account = _linked(session, subject)
    if account is None:
        account = _matched(session, said, settings)
        _link(session, account, subject, said.issuer, settings)
    if not may_sign_in(account):
        raise _refuse(session, account, _("您的账号已停用。如需恢复使用，请联系管理账号的人员。"), "closed")
    if browser.session:
        end_session(session, browser.session)
    proven = proves_two_factors(said.claims)
    factor_due = factor_wanted(account, settings) and not proven
    entered = open_session(
        session,
        account.id or 0,
        now=now,
        lasts=timedelta(hours=settings.session_hours),
        way="provider-mfa" if proven else "provider",
        address=browser.address,
        agent=browser.agent,
        factor_due=factor_due,
    )
    tell_of(session, account, action=AuditAction.SIGN_IN, reason=_entered(proven=proven, factor_due=factor_due))
    return entered


@officially()
def _entered(*, proven: bool, factor_due: bool) -> str:
    if factor_due:
        return _("统一身份认证登录，待第二重验证")
    return _("统一身份认证登录（已作多重验证）") if proven else _("统一身份认证登录")


def _linked(session: Session, subject: str) -> Account | None:
    found = session.exec(select(Account.id).where(Account.provider_subject == subject)).first()
    return locked_account(session, found) if found is not None else None


def _matched(session: Session, said: Said, settings: Settings) -> Account:
    if settings.oidc_match == BY_EMAIL:
        return _by_email(session, said, settings)
    claim = said.claims.get(settings.oidc_match)
    if isinstance(claim, str) and _can_be_asked(claim, LONGEST_LOGIN):
        found = session.exec(select(Account.id).where(Account.login == claim)).first()
        if found is not None:
            return locked_account(session, found)
    raise _refuse(session, None, _unknown(settings), "unknown")


def _by_email(session: Session, said: Said, settings: Settings) -> Account:
    """An address that nobody has verified anybody can claim; one that several accounts share names none of them."""
    email = said.claims.get("email")
    if not isinstance(email, str) or not _can_be_asked(email, LONGEST_EMAIL):
        raise _refuse(session, None, _unknown(settings), "no_email")
    if said.claims.get("email_verified") is not True:
        sentence = _("%(name)s没有确认您的邮箱，无法找到对应的账号。请先在那里确认邮箱，或联系管理账号的人员。")
        raise _refuse(session, None, sentence % {"name": settings.oidc_name}, "unverified")
    found = session.exec(select(Account.id).where(func.lower(col(Account.email)) == email.lower()).limit(2)).all()
    if not found:
        raise _refuse(session, None, _unknown(settings), "unknown")
    if len(found) > 1:
        sentence = _("有几个账号使用您的邮箱，无法确定是哪一个。请联系管理账号的人员。")
        raise _refuse(session, None, sentence, "shared")
    return locked_account(session, found[0] or 0)


def _can_be_asked(text: str, longest: int) -> bool:
    """PostgreSQL refuses NUL in any text."""
    return 0 < len(text) <= longest and "\x00" not in text


def _unknown(settings: Settings) -> str:
    sentence = _("您已通过%(name)s的验证，但本系统没有您的账号。请联系管理账号的人员为您开通，再重新登录。")
    return sentence % {"name": settings.oidc_name}


def _link(session: Session, account: Account, subject: str, issuer: str, settings: Settings) -> None:
    """An account is one person's at a provider. Who takes it over has to be let in by who keeps the accounts."""
    held = account.provider_subject
    if held is not None and held.startswith(f"{issuer} "):
        sentence = _("与您对应的账号已由%(name)s的另一个用户使用。如已由您接任，请联系管理账号的人员解除原来的关联。")
        raise _refuse(session, account, sentence % {"name": settings.oidc_name}, "taken")
    account.provider_subject = subject
    session.add(account)
    session.flush()


def _refuse(session: Session, account: Account | None, sentence: str, why: str) -> NotAdmitted:
    refused, reason = ActResult.REFUSED, _told(why)
    if account is None:
        tell(session, action=AuditAction.SIGN_IN, outcome=refused, reason=reason)
    else:
        tell_of(session, account, action=AuditAction.SIGN_IN, outcome=refused, reason=reason, acting=False)
    return NotAdmitted(sentence)


@officially()
def _told(why: str) -> str:
    """As the audit trail says it."""
    said = {
        "closed": _("账号已停用"),
        "no_email": _("没有提供邮箱"),
        "shared": _("几个账号使用同一邮箱"),
        "taken": _("账号已由另一个用户使用"),
        "unknown": _("没有对应的账号"),
        "unverified": _("邮箱未经确认"),
    }
    return _("统一身份认证登录：%(why)s") % {"why": said[why]}
