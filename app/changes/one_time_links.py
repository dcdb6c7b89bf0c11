"""Links that let an account choose a password, once (ASVS 5.0 6.4.1, 6.4.3, 6.4.6)."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlmodel import Session, col

from app.changes.token_hash import token_sha256
from app.models import Account, OneTimeLink
from app.models.one_time_link import LinkPurpose
from app.settings import Settings

FIRST_LASTS = timedelta(days=7)


def link_lasts(purpose: LinkPurpose, settings: Settings) -> timedelta:
    return FIRST_LASTS if purpose is LinkPurpose.FIRST else timedelta(hours=settings.link_hours)


def make_link(
    session: Session, account: Account, purpose: LinkPurpose, *, by: int | None, lasts: timedelta, now: datetime
) -> tuple[str, OneTimeLink]:
    """The token, which goes into the link and nowhere else; earlier links of the account are void.

    `by`: None when the account asked for it itself.
    """
    revoke_links(session, account.id or 0)
    token = secrets.token_urlsafe(32)
    link = OneTimeLink(
        account_id=account.id or 0,
        purpose=purpose,
        token_sha256=token_sha256(token),
        created_at=now,
        created_by=by,
        expires_at=now + lasts,
    )
    session.add(link)
    session.flush()
    return token, link


def revoke_links(session: Session, account_id: int) -> None:
    """Used ones stay until the next is made."""
    session.exec(
        delete(OneTimeLink).where(col(OneTimeLink.account_id) == account_id, col(OneTimeLink.used_at).is_(None))
    )


def use_up(session: Session, link_id: int, *, now: datetime) -> bool:
    """Of two at once one gets True."""
    used = session.exec(
        update(OneTimeLink)
        .where(col(OneTimeLink.id) == link_id, col(OneTimeLink.used_at).is_(None), col(OneTimeLink.expires_at) > now)
        .values(used_at=now)
    )
    return used.rowcount == 1
