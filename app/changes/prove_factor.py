"""The second step of signing in: a code from the phone."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.access import may_sign_in
from app.changes.second_factor import code_step, kept_secret, locked_account, use_step
from app.changes.sign_in import Browser, SignedIn, open_session, tell_of
from app.changes.sign_in_brake import count_code, strike_out
from app.domain.audit import ActResult, AuditAction
from app.domain.second_factor import typed_code
from app.errors import Invalid, SignInNeeded
from app.i18n import gettext as _
from app.i18n import officially
from app.models import Account, AccountSession
from app.sealing import Sealer
from app.settings import Settings

MOST_WRONG = 5


def prove_factor(
    session: Session,
    half_way_sha256: str,
    typed: str,
    *,
    settings: Settings,
    now: datetime,
    wall: datetime,
    browser: Browser,
) -> SignedIn:
    """A new session in place of the half-way one.

    Raises Invalid for a wrong code; it counts and is told to the trail, so commit it all the same. Raises SignInNeeded
    when there is no such half-way session any more; the fifth wrong code ends it (ASVS 5.0 6.5.5). Raises Unavailable
    without the installation's key, TooManyTries when sign-in after sign-in was tried with wrong codes.
    """
    account, living = _half_way(session, half_way_sha256, now)
    if account.totp_secret is None or not may_sign_in(account):
        raise SignInNeeded
    code = typed_code(typed)
    if code is None:
        raise Invalid({"code": _("请填写验证器显示的6位动态码。")})
    counted = count_code(session, account.id or 0, settings=settings, now=now)
    step = code_step(kept_secret(Sealer(settings.var_dir), account), code, wall)
    if step is None:
        raise _wrong(session, living, account, _("动态码不正确。请确认手机的日期和时间准确，再填写当前显示的6位数字。"))
    if not use_step(session, account.id or 0, step):
        raise _wrong(session, living, account, _("这个动态码已经用过，请等验证器显示下一个再填写。"))
    strike_out(session, counted)
    session.delete(living)
    with officially():
        tell_of(session, account, action=AuditAction.SIGN_IN, reason=_("第二重验证通过"))
    return open_session(
        session,
        account.id or 0,
        now=now,
        lasts=timedelta(hours=settings.session_hours),
        way="totp",
        address=browser.address,
        agent=browser.agent,
        factor_due=False,
    )


def _half_way(session: Session, token_sha256: str, now: datetime) -> tuple[Account, AccountSession]:
    """Locked, the account first as everywhere: guesses that come at once are counted one after another."""
    asked = select(AccountSession).where(
        AccountSession.token_sha256 == token_sha256,
        col(AccountSession.factor_due).is_(True),
        col(AccountSession.expires_at) > now,
    )
    found = session.exec(asked).first()
    account = locked_account(session, found.account_id) if found is not None else None
    living = session.exec(asked.with_for_update().execution_options(populate_existing=True)).first()
    if account is None or living is None:
        raise SignInNeeded
    return account, living


def _wrong(session: Session, living: AccountSession, account: Account, sentence: str) -> Invalid | SignInNeeded:
    living.wrong_codes += 1
    with officially():
        reason = _("动态码不正确（第%(count)s次）") % {"count": living.wrong_codes}
    tell_of(session, account, action=AuditAction.SIGN_IN, outcome=ActResult.REFUSED, reason=reason, acting=False)
    if living.wrong_codes < MOST_WRONG:
        session.add(living)
        return Invalid({"code": sentence})
    session.delete(living)
    return SignInNeeded()
