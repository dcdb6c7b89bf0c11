"""A new account."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.changes.sign_in import hash_password
from app.clock import local_day
from app.errors import Invalid
from app.i18n import gettext as _
from app.models import Account, Region
from app.models.account import AccountRole
from app.queries.directory import load_directory
from app.queries.sessions import account_by_login

SHORTEST_PASSWORD = 8  # OWASP ASVS 5.0, 6.2.1
LONGEST_LOGIN = 64
_ADDRESS = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\"]+")
_IN_DEPARTMENT = frozenset({AccountRole.LIAISON, AccountRole.HEAD})


@dataclass(frozen=True, slots=True)
class NewAccount:
    """`department` in any spelling of the register."""

    login: str
    role: AccountRole
    password: str
    department: str | None = None
    email: str | None = None


def add_account(session: Session, region: Region, wanted: NewAccount, *, now: datetime) -> Account:
    """Raises Invalid with every fault."""
    faults: dict[str, str] = {}
    login = " ".join(wanted.login.split())
    if not login or len(login) > LONGEST_LOGIN:
        faults["login"] = _("登录名应为1至%(limit)s个字。") % {"limit": LONGEST_LOGIN}
    elif account_by_login(session, login) is not None:
        faults["login"] = _("登录名“%(login)s”已被使用。") % {"login": login}
    if len(wanted.password) < SHORTEST_PASSWORD:
        faults["password"] = _("密码至少%(count)s位。") % {"count": SHORTEST_PASSWORD}
    if wanted.email is not None and not _ADDRESS.fullmatch(wanted.email):
        faults["email"] = _("邮箱地址不正确。")
    department_id = None
    if wanted.role in _IN_DEPARTMENT:
        if wanted.department is None:
            faults["department"] = _("联络员和单位负责人须指明所属单位。")
        else:
            directory = load_directory(session, region.id or 0, today=local_day(now, region.time_zone))
            holder = directory.resolve(wanted.department)
            if holder is None or holder.department_id is None:
                near = "、".join(directory.nearest(wanted.department))
                hint = _("是否为：%(near)s？") % {"near": near} if near else ""
                faults["department"] = _("没有单位“%(name)s”。") % {"name": wanted.department} + hint
            else:
                department_id = directory.present_holder(holder.department_id)
    if faults:
        raise Invalid(faults)
    account = Account(
        region_id=region.id,
        department_id=department_id,
        login=login,
        name=login,
        email=wanted.email,
        role=wanted.role,
        password_hash=hash_password(wanted.password),
        created_at=now,
    )
    session.add(account)
    session.flush()
    return account
