"""Reminders 提醒: who gets them, who chooses how, and which leader is in charge of what."""

from sqlmodel import Session

from app.access.accounts import account_for_managing
from app.access.viewer import Viewer
from app.errors import Forbidden
from app.models import Account
from app.models.account import AccountRole

# Who gets digests. Only the liaison hears of everything and has something to choose: the others hear of what is overdue
# for long, and of each item not more often than weekly.
HEARS = frozenset({AccountRole.LIAISON, AccountRole.HEAD, AccountRole.SECRETARIAT, AccountRole.LEADER})


def own_reminders(viewer: Viewer) -> None:
    """What one is told, and how."""
    if viewer.role not in HEARS:
        raise Forbidden


def own_reminders_for_choosing(viewer: Viewer) -> None:
    if not viewer.is_liaison:
        raise Forbidden


def leader_for_managing(session: Session, viewer: Viewer, account_id: int) -> Account:
    """Whose charges are set by those who keep the accounts."""
    row = account_for_managing(session, viewer, account_id)
    if row.role is not AccountRole.LEADER:
        raise Forbidden
    return row
