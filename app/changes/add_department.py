"""A department of its own in the register."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, select

from app.changes.edit_register import edited_register
from app.drafts.department_register import DepartmentDraft, DepartmentKind
from app.errors import Invalid
from app.i18n import gettext as _
from app.models import Department


@dataclass(frozen=True, slots=True)
class NewDepartment:
    name: str
    kind: DepartmentKind
    aliases: Sequence[str] = ()
    note: str = ""


def add_department(session: Session, region_id: int, wanted: NewDepartment) -> int:
    """At the end of the register; its id. Raises Invalid."""
    if not wanted.name:
        raise Invalid({"name": _("请填写单位名称。")})
    with edited_register(session, region_id, field="name") as register:
        register.departments.append(
            DepartmentDraft(
                name=wanted.name,
                kind=wanted.kind,
                aliases=[alias for alias in wanted.aliases if alias.strip()],
                note=wanted.note,
            )
        )
        name = register.departments[-1].name
    return (
        session.exec(select(Department.id).where(Department.region_id == region_id, Department.name == name)).one() or 0
    )
