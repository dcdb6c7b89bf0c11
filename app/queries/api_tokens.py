"""Personal tokens of the JSON API, and whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from app.models import Account, ApiToken, Department, Region


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """A token with the account as it stands now; `department` is None for an account of the whole region."""

    token: ApiToken
    account: Account
    region: Region
    department: str | None


def token_holder(session: Session, token_sha256: str) -> TokenHolder | None:
    """Whatever has become of token and account: whether they are alive is for the caller to judge."""
    row = session.exec(
        select(ApiToken, Account, Region, Department.name)
        .join(Account, col(Account.id) == ApiToken.account_id)
        .join(Region, col(Region.id) == Account.region_id)
        .outerjoin(Department, col(Department.id) == Account.department_id)
        .where(ApiToken.token_sha256 == token_sha256)
    ).one_or_none()
    return TokenHolder(*row) if row is not None else None


def tokens_of(session: Session, account_id: int) -> Sequence[ApiToken]:
    """Newest first, those that have ended too."""
    return session.exec(
        select(ApiToken).where(ApiToken.account_id == account_id).order_by(col(ApiToken.id).desc())
    ).all()
