"""How somebody wants to be reminded: how often, and what comes along with the mail."""

from dataclasses import asdict, dataclass

from sqlmodel import Session

from app.domain.reminder_rules import Pace
from app.models import Account


@dataclass(frozen=True, slots=True)
class Choice:
    pace: Pace
    attach_calendar: bool
    attach_sheet: bool
    one_click: bool


def choice_of(account: Account) -> Choice:
    return Choice(account.pace, account.attach_calendar, account.attach_sheet, account.one_click)


def choose_reminders(session: Session, account: Account, choice: Choice) -> None:
    account.sqlmodel_update(asdict(choice))
    session.add(account)
    session.flush()
