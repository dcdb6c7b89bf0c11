"""Setting up a second factor, or a new one in place of the old: it counts once a code shows that the phone has it."""

from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime

import pyotp
from sqlmodel import Session

from app.changes.end_sessions import end_sessions
from app.changes.second_factor import code_step, locked_account, sealed_secret, tell_of_factor
from app.domain.second_factor import typed_code
from app.errors import Invalid, Unavailable
from app.i18n import gettext as _
from app.i18n import officially
from app.mail.factor_letter import FactorNews, queue_factor_letter
from app.models import Account
from app.queries.sealed_secrets import any_sealed
from app.sealing import Sealer
from app.settings import Settings

_SECRET_BYTES = 20  # as long as the hash of RFC 4226, 4 (R6) wants it
_ISSUER = "督办"


@dataclass(frozen=True, slots=True)
class Offer:
    """What the phone is to keep: `secret` in base32, `link` the same as otpauth address."""

    secret: str
    link: str


def offered_factor(session: Session, sealer: Sealer, account: Account, session_sha256: str) -> Offer:
    """The secret that this session may set up: the same each time it is asked for until one was set up.

    So it is stored nowhere before it counts, and reloading the page does not make the phone's code wrong. It is made of
    the installation's key, without which nobody can make it. Raises Unavailable.
    """
    if not sealer.exists() and any_sealed(session):
        raise Unavailable(_("服务器缺少密钥文件，无法设置动态码，请联系系统管理员。"))
    sealer.make()
    purpose = f"totp\n{account.id}\n{session_sha256}\n{account.totp_secret or ''}"
    secret = b32encode(sealer.derived(purpose, _SECRET_BYTES)).decode()
    return Offer(secret, pyotp.TOTP(secret).provisioning_uri(name=account.login, issuer_name=_ISSUER))


def set_up_factor(
    session: Session,
    account_id: int,
    typed: str,
    *,
    session_sha256: str,
    settings: Settings,
    now: datetime,
    wall: datetime,
) -> Account:
    """Ends all sessions of the account: the one that did it gets a new one (ASVS 5.0 7.4.3).

    Raises Invalid, and Unavailable without the installation's key.
    """
    sealer = Sealer(settings.var_dir)
    account = locked_account(session, account_id)
    offer = offered_factor(session, sealer, account, session_sha256)
    code = typed_code(typed)
    if code is None:
        raise Invalid({"code": _("请填写验证器显示的6位动态码。")})
    step = code_step(offer.secret, code, wall)
    if step is None:
        raise Invalid({"code": _("动态码不正确。请确认手机的日期和时间准确，再填写验证器当前显示的6位数字。")})
    replaced = account.totp_secret is not None
    account.totp_secret, account.totp_step = sealed_secret(sealer, account, offer.secret), step
    session.add(account)
    end_sessions(session, account)
    with officially():
        reason = _("换新设备") if replaced else _("启用")
    tell_of_factor(session, account, reason)
    news = FactorNews.REPLACED if replaced else FactorNews.SET_UP
    queue_factor_letter(session, account, news, settings=settings, now=now)
    return account
