"""Letters about an account itself: a link to choose a password, and notices of what was changed."""

from datetime import datetime

from sqlmodel import Session

from app.mail.compose import Composer
from app.mail.covered_links import LINK_KIND
from app.mail.keys import account_mail_key
from app.mail.outbox import queue
from app.models import Account, OneTimeLink, Region
from app.models.one_time_link import LinkPurpose

NOTICE_KIND = "notice"
_LETTER = {LinkPurpose.FIRST: "first_sign_in", LinkPurpose.RESET: "reset_password"}


def link_path(token: str) -> str:
    return f"/sign-in/link/{token}"


def mail_link(
    session: Session, composer: Composer, account: Account, *, link: OneTimeLink, token: str, now: datetime
) -> None:
    """To the account's address, which it must have."""
    region = session.get_one(Region, account.region_id)
    letter = composer.write(
        _LETTER[link.purpose],
        key=account_mail_key(LINK_KIND, account.id or 0, link.created_at),
        account_id=account.id or 0,
        to_name=account.name,
        to_address=account.email or "",
        region=region,
        login=account.login,
        path=link_path(token),
        expires=link.expires_at,
        asked_for=link.created_by is None,
    )
    queue(session, letter, kind=LINK_KIND, region_id=region.id, now=now)


def mail_notice(
    session: Session, composer: Composer, account: Account, *, about: str, address: str | None, now: datetime
) -> None:
    """`about`: password_changed or address_changed. `address`: where its owner reads it; without one none is sent."""
    if not address:
        return
    region = session.get_one(Region, account.region_id)
    letter = composer.write(
        about,
        key=account_mail_key(about, account.id or 0, now),
        account_id=account.id or 0,
        to_name=account.name,
        to_address=address,
        region=region,
        login=account.login,
        at=now,
    )
    queue(session, letter, kind=NOTICE_KIND, region_id=region.id, now=now)
