"""Accounts 账号."""

from sqlmodel import Session

from app.access.roles import BEYOND_SECURITY
from app.access.viewer import Viewer, row_of_region
from app.errors import Forbidden
from app.models import Account
from app.models.account import AccountRole


def changes_accounts_of(viewer: Viewer, role: AccountRole) -> bool:
    """Whether the viewer may open and change accounts of that role."""
    return viewer.keeps_accounts and not (viewer.separate_duties and role in BEYOND_SECURITY)


def account_for_managing(session: Session, viewer: Viewer, account_id: int) -> Account:
    row = row_of_region(session, viewer, Account, account_id, allowed=viewer.keeps_accounts)
    if not changes_accounts_of(viewer, row.role):
        raise Forbidden
    return row
