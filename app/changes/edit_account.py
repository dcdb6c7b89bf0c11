"""What an account is called, where its mail goes, and what it may do."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.access.roles import roles_to_give
from app.changes.account_fields import address_fault, find_place, name_fault
from app.changes.end_sessions import end_sessions
from app.changes.last_secretariat import lock_region, must_not_be_last
from app.changes.one_time_links import revoke_links
from app.changes.report_links import revoke_report_links
from app.changes.set_charges import drop_charges
from app.clock import local_day
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.mail.account_letters import mail_notice
from app.mail.compose import Composer
from app.models import Account, Region
from app.models.account import AccountRole
from app.queries.directory import Directory, load_directory
from app.settings import Settings
from app.words import word


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


def edit_account(
    session: Session,
    account: Account,
    wanted: AccountEdit,
    *,
    by: int | None,
    now: datetime,
    separate: bool = False,
    settings: Settings | None = None,
) -> None:
    """`by`: None on the command line, which alone gives every role. `separate`: whether duties are.

    Another role or department ends the account's sessions. Of another address the old one is told, where there are
    `settings` to write a letter by.

    Raises Invalid with every fault, Overtaken when somebody else changed the account since the form was opened.
    """
    region = lock_region(session, account, by=by, separate=separate)
    if account_mark(account) != wanted.seen:
        raise Overtaken(_("此账号刚被他人修改，本次未保存。请核对下面的内容后再提交。"))
    faults = {
        "name": name_fault(wanted.name),
        "email": address_fault(wanted.email) if wanted.email is not None else None,
        "role": _role_fault(session, account, wanted.role, by, separate=separate),
    }
    place = find_place(_directory(session, region, now), wanted.role, wanted.department)
    found = {field: fault for field, fault in faults.items() if fault}
    if found or isinstance(place, str):
        raise Invalid(found | ({"department": place} if isinstance(place, str) else {}))
    address = account.email
    moved = (account.role, account.department_id) != (wanted.role, place.department_id)
    account.sqlmodel_update(
        {"name": wanted.name, "email": wanted.email, "role": wanted.role, "department_id": place.department_id}
    )
    session.add(account)
    if moved:
        end_sessions(session, account)
    if account.role is not AccountRole.LEADER:
        drop_charges(session, account)
    if moved or address != wanted.email:
        revoke_report_links(session, account.id or 0, now=now)
    if address != wanted.email:
        _another_address(session, account, address, settings=settings, now=now)
    session.flush()


def _another_address(
    session: Session, account: Account, old: str | None, *, settings: Settings | None, now: datetime
) -> None:
    account.mail_fault, account.mail_fault_at = "", None  # what came back had gone to the old one
    revoke_links(session, account.id or 0)  # the old address may be somebody else's by now
    if settings is not None:
        mail_notice(session, Composer(settings), account, about="address_changed", address=old, now=now)


def _directory(session: Session, region: Region, now: datetime) -> Directory:
    return load_directory(session, region.id or 0, today=local_day(now, region.time_zone))


def _role_fault(session: Session, account: Account, role: AccountRole, by: int | None, *, separate: bool) -> str | None:
    if role is account.role:
        return None
    if by is not None and account.id == by:
        return _("不能更改自己的角色，请由另一位管理账号的人员办理。")
    if by is not None and role not in roles_to_give(separate=separate):
        return _("%(role)s只能由运维人员用命令行设置。") % {"role": word(role)}
    return must_not_be_last(session, account, separate=separate)
