"""What a new password of an account is compared with."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from app.models import Account, Department, PastPassword, Region


@dataclass(frozen=True, slots=True)
class PasswordHolder:
    """`past`: hashes of earlier passwords, newest first. `words`: what everybody knows of the account."""

    hashed: str
    past: Sequence[str]
    words: Sequence[str]


def password_holder(session: Session, account_id: int) -> PasswordHolder:
    account, region, department = session.execute(
        select(Account, Region.name, Department.name)
        .outerjoin(Region, col(Region.id) == Account.region_id)
        .outerjoin(Department, col(Department.id) == Account.department_id)
        .where(Account.id == account_id)
    ).one()
    past = session.exec(
        select(PastPassword.password_hash)
        .where(PastPassword.account_id == account_id)
        .order_by(col(PastPassword.replaced_at).desc(), col(PastPassword.id).desc())
    ).all()
    words = [account.login, account.name, region, department, (account.email or "").partition("@")[0]]
    return PasswordHolder(account.password_hash, past, [word for word in words if word])
