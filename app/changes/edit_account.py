"""What an account is called, where its mail goes, and what it may do."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.changes.account_fields import address_fault, find_place, name_fault
from app.changes.last_secretariat import lock_region, must_not_be_last
from app.clock import local_day
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Account, Region
from app.models.account import AccountRole
from app.queries.directory import Directory, load_directory


@dataclass(frozen=True, slots=True)
class AccountEdit:
    """`seen` is the mark of what the form showed. `department` in any spelling of the register."""

    seen: str
    name: str
    role: AccountRole
    department: str | None = None
    email: str | None = None


def account_mark(account: Account) -> str:
    """Changes whenever something that can be edited changes."""
    parts = (account.name, account.email, account.role.value, account.department_id, account.active)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def edit_account(session: Session, account: Account, wanted: AccountEdit, *, by: int, now: datetime) -> None:
    """Raises Invalid with every fault, Overtaken when somebody else changed the account since the form was opened."""
    region = lock_region(session, account, by=by)
    if account_mark(account) != wanted.seen:
        raise Overtaken(_("此账号刚被他人修改，本次未保存。请核对下面的内容后再提交。"))
    faults: dict[str, str] = {}
    if fault := name_fault(wanted.name):
        faults["name"] = fault
    if wanted.email is not None and (fault := address_fault(wanted.email)):
        faults["email"] = fault
    if fault := _role_fault(session, account, wanted.role, by):
        faults["role"] = fault
    place = find_place(_directory(session, region, now), wanted.role, wanted.department)
    if isinstance(place, str):
        faults["department"] = place
    if faults or isinstance(place, str):
        raise Invalid(faults)
    account.sqlmodel_update(
        {"name": wanted.name, "email": wanted.email, "role": wanted.role, "department_id": place.department_id}
    )
    session.add(account)
    session.flush()


def _directory(session: Session, region: Region, now: datetime) -> Directory:
    return load_directory(session, region.id or 0, today=local_day(now, region.time_zone))


def _role_fault(session: Session, account: Account, role: AccountRole, by: int) -> str | None:
    if role is account.role:
        return None
    if account.id == by:
        return _("不能更改自己的角色，请由另一位秘书处人员办理。")
    if role is AccountRole.ADMIN:
        return _("系统管理员只能由运维人员用命令行设置。")
    return must_not_be_last(session, account)
