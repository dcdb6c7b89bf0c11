"""Departments 单位 and their groups, the region's days off."""

from sqlmodel import Session

from app.access.viewer import Viewer, row_of_region
from app.errors import Forbidden
from app.models import DayException, Department, DepartmentGroup, Succession


def department_for_managing(session: Session, viewer: Viewer, department_id: int) -> Department:
    return row_of_region(session, viewer, Department, department_id, allowed=viewer.manages_region)


def group_for_managing(session: Session, viewer: Viewer, group_id: int) -> DepartmentGroup:
    return row_of_region(session, viewer, DepartmentGroup, group_id, allowed=viewer.manages_region)


def succession_for_managing(session: Session, viewer: Viewer, succession_id: int) -> Succession:
    return row_of_region(session, viewer, Succession, succession_id, allowed=viewer.manages_region)


def day_exception_for_managing(session: Session, viewer: Viewer, exception_id: int) -> DayException:
    return row_of_region(session, viewer, DayException, exception_id, allowed=viewer.manages_region)


def department_for_reading(session: Session, viewer: Viewer, department_id: int) -> Department:
    return row_of_region(session, viewer, Department, department_id, allowed=viewer.reads_plans)


def reads_inside(viewer: Viewer, department_id: int) -> bool:
    """How a department works, beyond what every plan page says of it: for itself and for those who read the region."""
    return viewer.reads_region or viewer.department_id == department_id


def department_for_sheet(session: Session, viewer: Viewer, department_id: int) -> Department:
    """What it owes in a month, on one page."""
    row = department_for_reading(session, viewer, department_id)
    if not reads_inside(viewer, department_id):
        raise Forbidden
    return row
