"""Hand-overs 工作交接 and their sheets."""

from sqlmodel import Session

from app.access.accounts import account_for_managing
from app.access.viewer import Viewer, row_of_region
from app.errors import Forbidden
from app.models import Account, Handover
from app.models.account import AccountRole

# Whose work can be handed on: there is something that waits for them by name.
HANDS_ON = frozenset({AccountRole.LIAISON, AccountRole.HEAD, AccountRole.SECRETARIAT})


def account_for_handover(session: Session, viewer: Viewer, account_id: int) -> Account:
    """For those who keep the accounts."""
    row = account_for_managing(session, viewer, account_id)
    if row.role not in HANDS_ON:
        raise Forbidden
    return row


def own_handover(viewer: Viewer) -> None:
    """The sheet of what one would hand over oneself today."""
    if viewer.role not in HANDS_ON:
        raise Forbidden


def handovers_page(viewer: Viewer) -> None:
    """Which accounts were handed over, and when."""
    if not (viewer.keeps_accounts or viewer.is_secretariat):
        raise Forbidden


def handover_for_reading(session: Session, viewer: Viewer, handover_id: int) -> Handover:
    """The secretariat, and the two whom it is about. Who only keeps accounts reads nothing of what was reported."""
    row = row_of_region(session, viewer, Handover, handover_id, allowed=True)
    if not (viewer.is_secretariat or viewer.account_id in {row.from_account_id, row.to_account_id}):
        raise Forbidden
    return row
