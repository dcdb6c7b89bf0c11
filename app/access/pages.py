"""Pages that belong to no single row: by role alone."""

from app.access.viewer import Viewer
from app.errors import Forbidden
from app.models import Account


def may_sign_in(account: Account) -> bool:
    """Every page belongs to a region, so an account without one has nowhere to go."""
    return account.active and account.region_id is not None


def secretariat_only(viewer: Viewer) -> None:
    if not viewer.is_secretariat:
        raise Forbidden


def region_lists(viewer: Viewer) -> None:
    """The overdue list of the whole region, its overview."""
    if not viewer.reads_region:
        raise Forbidden


def plan_pages(viewer: Viewer) -> None:
    """Lists of plans and departments, the calendar, the search: not for those who keep accounts or read the trail."""
    if not viewer.reads_plans:
        raise Forbidden


def manages_region(viewer: Viewer) -> None:
    """Master data: departments, groups, days off, plans and their editions."""
    if not viewer.manages_region:
        raise Forbidden


def keeps_accounts(viewer: Viewer) -> None:
    """Accounts, roles, sessions, one-time links, second factors."""
    if not viewer.keeps_accounts:
        raise Forbidden


def manage_index(viewer: Viewer) -> None:
    """The index of administration, which shows each their own part."""
    if not viewer.manages_region and not viewer.keeps_accounts:
        raise Forbidden


def reads_trail(viewer: Viewer) -> None:
    """The audit trail."""
    if not viewer.reads_trail:
        raise Forbidden


def department_page(viewer: Viewer) -> int:
    """The viewer's own department; pages of one department exist only for those who belong to one."""
    if viewer.department_id is None or not viewer.reads_plans:
        raise Forbidden
    return viewer.department_id


def reporting_page(viewer: Viewer) -> int:
    """The department for which the viewer reports."""
    if not viewer.is_liaison:
        raise Forbidden
    return department_page(viewer)
