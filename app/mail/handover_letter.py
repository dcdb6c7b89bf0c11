"""The letter to who takes over: 您已接手 …, with the open items and the sheet."""

from sqlmodel import Session

from app.domain.handover_sheet import HandoverSheet
from app.mail.compose import Composer
from app.mail.keys import handover_mail_key
from app.mail.outbox import queue
from app.models import Account, Handover, Region

KIND = "handover"
SHOWN = 50  # items in the letter; the sheet has all


def mail_handover(
    session: Session,
    composer: Composer,
    region: Region,
    *,
    handover: Handover,
    sheet: HandoverSheet,
    successor: Account,
) -> None:
    """Without an address none is sent: the sheet says it on paper."""
    if not successor.email:
        return
    letter = composer.write(
        "handover",
        key=handover_mail_key(handover.id or 0, successor.id or 0),
        account_id=successor.id or 0,
        to_name=successor.name,
        to_address=successor.email,
        region=region,
        handover=handover,
        sheet=sheet,
        shown=SHOWN,
    )
    queue(
        session,
        letter,
        kind=KIND,
        region_id=region.id,
        now=handover.made_at,
        department_id=successor.department_id,
    )
