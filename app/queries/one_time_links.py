"""A link that is still good, and whose it is."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.models import Account, OneTimeLink, Region
from app.models.one_time_link import LinkPurpose


@dataclass(frozen=True, slots=True)
class LivingLink:
    id: int
    purpose: LinkPurpose
    account: Account
    region: Region


def living_link(session: Session, token_sha256: str, *, now: datetime) -> LivingLink | None:
    """None for one that was used, has expired, was revoked or never existed, and for a closed account's."""
    row = session.exec(
        select(OneTimeLink, Account, Region)
        .join(Account, col(Account.id) == OneTimeLink.account_id)
        .join(Region, col(Region.id) == Account.region_id)
        .where(
            OneTimeLink.token_sha256 == token_sha256,
            col(OneTimeLink.used_at).is_(None),
            col(OneTimeLink.expires_at) > now,
            col(Account.active).is_(True),
        )
    ).one_or_none()
    return LivingLink(row[0].id or 0, row[0].purpose, row[1], row[2]) if row is not None else None


def open_link(session: Session, account_id: int, *, now: datetime) -> OneTimeLink | None:
    """The one that the account could use now."""
    return session.exec(
        select(OneTimeLink).where(
            OneTimeLink.account_id == account_id,
            col(OneTimeLink.used_at).is_(None),
            col(OneTimeLink.expires_at) > now,
        )
    ).first()
