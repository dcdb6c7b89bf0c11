"""What was said before by mails of either kind, so that nothing is said twice and nothing is lost."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, or_
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.domain.digest import fold_said
from app.domain.reminder_rules import MADE_UP_DAYS
from app.domain.reminders import Said
from app.models import (
    Account,
    Digest,
    DigestRun,
    OutboxMail,
)
from app.models.outbox_mail import MailFault, MailState
from app.queries.handovers import told_for

# What was to be said longer ago than MADE_UP_DAYS is said no more, so what was said before that is no matter.
MEMORY = timedelta(days=MADE_UP_DAYS + 5)


@dataclass(frozen=True, slots=True)
class ToldBefore:
    """`said`: by account and obligation, the last that was said. `last`: when each account was told anything at all."""

    said: Mapping[tuple[int, int], Said]
    last: Mapping[int, datetime]


def told_before(session: Session, region_id: int, accounts: Sequence[int], day: date) -> ToldBefore:
    """What each account was told by mails of either kind, as far back as it matters.

    What somebody was told whose work was handed over counts as told to who took it over, until the day of it. What went
    to an address that did not take it, and is not the account's any more, was not told; nor what never went anywhere
    although nothing was wrong with the address.
    """
    heirs = told_for(session, region_id, accounts, since=day - MEMORY)
    runs: dict[int, list[tuple[date, list[dict[str, Any]]]]] = defaultdict(list)
    last: dict[int, datetime] = {}
    for account_id, on, made_at, items, lost in session.execute(
        select_columns(
            col(Digest.account_id),
            col(DigestRun.run_date),
            col(DigestRun.made_at),
            col(Digest.items),
            and_(_did_not_arrive(), _may_arrive_now(), ~_sent_again()),
        )
        .join(DigestRun, col(DigestRun.id) == Digest.run_id)
        .join(Account, col(Account.id) == Digest.account_id)
        .outerjoin(OutboxMail, col(OutboxMail.id) == Digest.mail_id)
        .where(
            col(DigestRun.region_id) == region_id,
            col(DigestRun.run_date) > day - MEMORY,
            col(Digest.account_id).in_(list(heirs)),
        )
        .order_by(col(DigestRun.run_date), col(DigestRun.id))
    ):
        if lost or not items:
            continue
        for heir, until in heirs[account_id]:
            if on <= until:
                runs[heir].append((on, items))
                last[heir] = max(made_at, last.get(heir, made_at))
    said = {
        (account_id, obligation_id): what
        for account_id, told in runs.items()
        for obligation_id, what in fold_said(told).items()
    }
    return ToldBefore(said, last)


def _did_not_arrive() -> ColumnElement[bool]:
    """Refused, given up or sent back; what the secretariat took back was not meant to be said."""
    refused = and_(col(OutboxMail.state) == MailState.FAILED, col(OutboxMail.fault).is_distinct_from(MailFault.DROPPED))
    return func.coalesce(or_(refused, col(OutboxMail.bounced_at).is_not(None)), false())


def _may_arrive_now() -> ColumnElement[bool]:
    """The address is another by now, or it was not the address that kept the mail from going out."""
    withheld = and_(
        col(OutboxMail.fault).in_([MailFault.GAVE_UP, MailFault.UNWANTED]), col(OutboxMail.in_doubt).is_(False)
    )
    return or_(col(OutboxMail.to_address).is_distinct_from(col(Account.email)), func.coalesce(withheld, false()))


def _sent_again() -> ColumnElement[bool]:
    """The secretariat has said it once more, and that arrived."""
    copy = aliased(OutboxMail)
    return exists().where(
        col(copy.copy_of) == OutboxMail.id, col(copy.state) == MailState.SENT, col(copy.bounced_at).is_(None)
    )
