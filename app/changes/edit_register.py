"""One edit of the register of departments: taken out of the tables, changed, checked as a whole, put back.

So every rule of `check_register` holds for an edit on the screen as it does for a file.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session, select

from app.changes.register_departments import register_departments
from app.drafts.department_register import DepartmentRegister
from app.drafts.faults import DraftRejected
from app.errors import Invalid
from app.models import Region
from app.queries.register_export import export_register


@contextmanager
def edited_register(session: Session, region_id: int, *, field: str) -> Iterator[DepartmentRegister]:
    """Hands out the register for editing and writes it at the end. Raises Invalid; its sentences stand at `field`."""
    # One at a time: two edits of the same text would lose one of them. (SQLite has one writer anyway.)
    region = session.exec(select(Region).where(Region.id == region_id).with_for_update()).one()
    session.expire_all()
    register = export_register(session, region)
    yield register
    try:
        register_departments(session, register)
    except DraftRejected as rejected:
        raise Invalid({field: "\n".join(fault.message for fault in rejected.faults)}) from rejected
