"""Other spellings of a department or of a group."""

from sqlmodel import Session

from app.changes.edit_register import edited_register
from app.drafts.department_register import DepartmentDraft, DepartmentRegister, GroupDraft
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Department, DepartmentGroup

Holder = Department | DepartmentGroup


def add_alias(session: Session, holder: Holder, spelling: str) -> None:
    """Raises Invalid: a spelling can stand for one thing only."""
    spelling = " ".join(spelling.split())
    if not spelling:
        raise Invalid({"alias": _("请填写另一种写法。")})
    with edited_register(session, holder.region_id, field="alias") as register:
        _entry(register, holder).aliases.append(spelling)


def remove_alias(session: Session, holder: Holder, spelling: str) -> None:
    """Plans keep what they printed. Raises Overtaken when it is gone already."""
    with edited_register(session, holder.region_id, field="alias") as register:
        aliases = _entry(register, holder).aliases
        if spelling not in aliases:
            raise Overtaken(_("“%(name)s”已不在写法之中。") % {"name": spelling})
        aliases.remove(spelling)


def _entry(register: DepartmentRegister, holder: Holder) -> DepartmentDraft | GroupDraft:
    entries = register.departments if isinstance(holder, Department) else register.groups
    return next(entry for entry in entries if entry.name == holder.name)
