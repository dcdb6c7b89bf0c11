"""Before a way of signing in is changed, whoever sits there shows once more to be the owner (ASVS 5.0 7.5.1)."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session

from app.changes.password_hash import verify_password
from app.changes.second_factor import code_step, kept_secret, locked_account, use_step
from app.changes.sign_in_brake import count_code, count_own_password, strike_out
from app.domain.audit import ActResult, AuditAction
from app.domain.second_factor import typed_code
from app.errors import Invalid
from app.i18n import gettext as _
from app.i18n import officially
from app.models import Account, AccountSession
from app.sealing import Sealer
from app.settings import Settings
from app.trail import tell

_FRESH = timedelta(minutes=15)


class Proof(StrEnum):
    """What is asked for."""

    NOTHING = "nothing"
    PASSWORD = "password"  # noqa: S105 (what is asked for)
    CODE = "code"


def proof_wanted(account: Account, living: AccountSession, now: datetime) -> Proof:
    """Setting up the first factor right after signing in is not asked twice. Who comes by the identity provider may
    never have had a password here, and shows the factor that is to go.
    """
    by_provider = living.way.startswith("provider")
    if account.totp_secret is None and (by_provider or now - living.created_at < _FRESH):
        return Proof.NOTHING
    return Proof.CODE if by_provider else Proof.PASSWORD


def show_same_person(
    session: Session,
    account_id: int,
    proof: Proof,
    typed: str,
    *,
    settings: Settings,
    now: datetime,
    wall: datetime,
) -> None:
    """Raises Invalid with the field `password`, TooManyTries, and Unavailable.

    A failed try counts and is committed. What was changed before in this session would be committed with it.
    """
    if proof is Proof.NOTHING:
        return
    if not typed:
        raise Invalid({"password": _("请填写密码。") if proof is Proof.PASSWORD else _("请填写原设备的动态码。")})
    if proof is Proof.PASSWORD:
        _show_password(session, account_id, typed, settings=settings, now=now)
    else:
        _show_code(session, account_id, typed, settings=settings, now=now, wall=wall)


def _show_password(session: Session, account_id: int, typed: str, *, settings: Settings, now: datetime) -> None:
    counted = count_own_password(session, account_id, settings=settings, now=now)
    hashed = session.get_one(Account, account_id).password_hash
    session.commit()  # lets go of the write lock: the hash takes its time by design, others must not wait for it
    right, _renewed = verify_password(typed, hashed)
    if not right or locked_account(session, account_id).password_hash != hashed:
        raise _refused(session, _("密码不正确。"))
    strike_out(session, counted)


def _show_code(
    session: Session, account_id: int, typed: str, *, settings: Settings, now: datetime, wall: datetime
) -> None:
    counted = count_code(session, account_id, settings=settings, now=now)
    session.commit()
    account = locked_account(session, account_id)
    code = typed_code(typed)
    step = code_step(kept_secret(Sealer(settings.var_dir), account), code, wall) if code else None
    if step is None or not use_step(session, account_id, step):
        raise _refused(session, _("原设备的动态码不正确，或已经用过。"))
    strike_out(session, counted)


def _refused(session: Session, sentence: str) -> Invalid:
    with officially():
        tell(session, action=AuditAction.SECOND_FACTOR, outcome=ActResult.REFUSED, reason=_("未能证明是本人"))
    session.commit()
    return Invalid({"password": sentence})
