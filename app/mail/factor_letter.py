"""The letter that tells an account that its second factor is another one, or gone (ASVS 5.0 6.3.7)."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

from app.mail.account_letters import NOTICE_KIND
from app.mail.compose import Composer
from app.mail.keys import account_mail_key
from app.mail.outbox import queue
from app.models import Account, Region
from app.settings import Settings


class FactorNews(StrEnum):
    """What happened to it; the letter's sentences are chosen by it."""

    SET_UP = "set_up"
    REPLACED = "replaced"
    REMOVED = "removed"
    RESET = "reset"


def queue_factor_letter(
    session: Session, account: Account, news: FactorNews, *, settings: Settings, now: datetime
) -> None:
    """In the transaction of what it tells. An account without an address gets none."""
    if not account.email or account.region_id is None:
        return
    region = session.get_one(Region, account.region_id)
    letter = Composer(settings).write(
        "second_factor",
        key=account_mail_key("second_factor", account.id or 0, now),
        account_id=account.id or 0,
        to_name=account.name,
        to_address=account.email,
        news=news.value,
        at=now,
        region=region,
    )
    queue(session, letter, kind=NOTICE_KIND, region_id=account.region_id, now=now)
