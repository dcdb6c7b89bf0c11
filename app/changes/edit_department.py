"""Kind, place and note of a department; its name only while nothing refers to it."""

from dataclasses import dataclass

from sqlmodel import Session

from app.changes.check_register import register_faults
from app.changes.edit_register import edited_register
from app.drafts.department_register import DepartmentKind, DepartmentRegister
from app.errors import Invalid
from app.i18n import gettext as _
from app.models import Department
from app.queries.register_rows import has_history


@dataclass(frozen=True, slots=True)
class DepartmentEdit:
    """`place` counts from 1, in the order of the register."""

    name: str
    kind: DepartmentKind
    place: int
    note: str = ""


def edit_department(session: Session, department: Department, wanted: DepartmentEdit) -> None:
    """Raises Invalid."""
    with edited_register(session, department.region_id, field="name") as register:
        session.refresh(department)
        found = next(one for one in register.departments if one.name == department.name)
        if not 1 <= wanted.place <= len(register.departments):
            raise Invalid({"place": _("次序应为1至%(last)s的整数。") % {"last": len(register.departments)}})
        register.departments.remove(found)
        register.departments.insert(wanted.place - 1, found)
        found.kind, found.note = wanted.kind, wanted.note
        name = " ".join(wanted.name.split())
        if name != department.name:
            _rename(session, department, register, name)


def _rename(session: Session, department: Department, register: DepartmentRegister, name: str) -> None:
    """The register knows departments by their names, so the row is renamed before the register is written."""
    if has_history(session, department.id or 0):
        raise Invalid({"name": _("该单位已列入任务、事项或沿革，名称不能直接修改；机构更名要作为机构沿革登记。")})
    if not name:
        raise Invalid({"name": _("请填写单位名称。")})
    for one in register.departments:
        one.name = name if one.name == department.name else one.name
    for group in register.groups:
        group.members = [name if member == department.name else member for member in group.members]
    if register.region.secretariat == department.name:
        register.region.secretariat = name
    if not register_faults(register):
        department.name = name
        session.add(department)
        session.flush()
