"""An account gets another password: checked and hashed first, written in one short transaction afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.changes.end_sessions import end_sessions
from app.changes.known_devices import forget_devices
from app.changes.one_time_links import revoke_links
from app.changes.password_hash import hash_password, verify_password
from app.changes.password_rules import password_fault
from app.changes.report_links import revoke_report_links
from app.domain.audit import AuditAction
from app.domain.password_policy import PasswordPolicy
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Account, PastPassword
from app.queries.passwords import PasswordHolder
from app.trail import tell


@dataclass(frozen=True, slots=True)
class ChosenPassword:
    """`instead_of`: the hash that was the account's when this was checked."""

    hashed: str
    instead_of: str


def choose_password(holder: PasswordHolder, password: str, policy: PasswordPolicy) -> ChosenPassword:
    """Takes its time and holds no lock meanwhile. Raises Invalid at `new_password`."""
    if not password:
        raise Invalid({"new_password": _("请填写新密码。")})
    if fault := password_fault(password, policy, holder.words):
        raise Invalid({"new_password": fault})
    if any(verify_password(password, hashed)[0] for hashed in [holder.hashed, *holder.past[: policy.remembered - 1]]):
        raise Invalid(
            {
                "new_password": _("新密码不能与现在的密码相同。")
                if policy.remembered == 1
                else _("新密码不能与最近%(count)s次用过的密码相同。") % {"count": policy.remembered}
            }
        )
    return ChosenPassword(hash_password(password), holder.hashed)


def set_password(
    session: Session, account: Account, chosen: ChosenPassword, policy: PasswordPolicy, *, now: datetime
) -> None:
    """All sessions end, links are void, browsers are known no more: whoever held one of them may be the reason.

    Raises Overtaken when the account got another password meanwhile.
    """
    row = session.exec(
        select(Account)
        .where(Account.id == account.id, Account.password_hash == chosen.instead_of)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).first()
    if row is None or not row.active:
        raise Overtaken(_("密码刚在别处更改，本次未更改。请重新登录。"))
    _remember(session, row, policy, now)
    row.password_hash = chosen.hashed
    row.password_set_at = now
    row.must_change = False
    session.add(row)
    revoke_links(session, row.id or 0)
    revoke_report_links(session, row.id or 0, now=now)
    forget_devices(session, row.id or 0)
    end_sessions(session, row)
    tell(session, action=AuditAction.PASSWORD_CHANGED, subject_table="account", subject_id=row.id, subject=row.name)


def _remember(session: Session, account: Account, policy: PasswordPolicy, now: datetime) -> None:
    """No more of the past than the policy asks for."""
    kept = policy.remembered - 2  # of the past beside the one that is replaced; the new one counts, too
    if policy.remembered > 1:
        session.add(PastPassword(account_id=account.id or 0, password_hash=account.password_hash, replaced_at=now))
    older: Sequence[int | None] = session.exec(
        select(PastPassword.id)
        .where(PastPassword.account_id == account.id, PastPassword.replaced_at < now)
        .order_by(col(PastPassword.replaced_at).desc(), col(PastPassword.id).desc())
        .offset(max(kept, 0))
    ).all()
    session.exec(delete(PastPassword).where(col(PastPassword.id).in_(older)))
