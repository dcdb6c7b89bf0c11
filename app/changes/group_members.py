"""Who belongs to a group. Plans that are published keep the members that they were published with."""

from sqlmodel import Session

from app.changes.edit_register import edited_register
from app.drafts.department_register import DepartmentRegister, GroupDraft
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import DepartmentGroup
from app.queries.directory import Directory


def add_member(session: Session, group: DepartmentGroup, name: str, directory: Directory) -> None:
    """`name` in any spelling. Raises Invalid."""
    holder = directory.resolve(name)
    if holder is None or holder.department_id is None:
        raise Invalid({"member": _("请选择要加入的单位。")})
    with edited_register(session, group.region_id, field="member") as register:
        _entry(register, group).members.append(holder.name)


def remove_member(session: Session, group: DepartmentGroup, name: str) -> None:
    """Raises Overtaken when it is gone already."""
    with edited_register(session, group.region_id, field="member") as register:
        members = _entry(register, group).members
        if name not in members:
            raise Overtaken(_("“%(name)s”已不在该单位组中。") % {"name": name})
        members.remove(name)


def _entry(register: DepartmentRegister, group: DepartmentGroup) -> GroupDraft:
    return next(entry for entry in register.groups if entry.name == group.name)
