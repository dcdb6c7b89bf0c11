"""A new account."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.changes.account_fields import address_fault, find_place, login_fault, name_fault
from app.changes.sign_in import hash_password
from app.clock import local_day
from app.errors import Invalid
from app.i18n import gettext as _
from app.models import Account, Region
from app.models.account import AccountRole
from app.queries.directory import load_directory

SHORTEST_PASSWORD = 8  # OWASP ASVS 5.0, 6.2.1


@dataclass(frozen=True, slots=True)
class NewAccount:
    """`department` in any spelling of the register. Without a name the login is shown to others."""

    login: str
    role: AccountRole
    password: str
    department: str | None = None
    email: str | None = None
    name: str | None = None


def add_account(session: Session, region: Region, wanted: NewAccount, *, now: datetime) -> Account:
    """Raises Invalid with every fault."""
    faults: dict[str, str] = {}
    login = wanted.login.strip()
    if fault := login_fault(session, login):
        faults["login"] = fault
    if wanted.name is not None and (fault := name_fault(wanted.name)):
        faults["name"] = fault
    if len(wanted.password) < SHORTEST_PASSWORD:
        faults["password"] = _("密码至少%(count)s位。") % {"count": SHORTEST_PASSWORD}
    if wanted.email is not None and (fault := address_fault(wanted.email)):
        faults["email"] = fault
    directory = load_directory(session, region.id or 0, today=local_day(now, region.time_zone))
    place = find_place(directory, wanted.role, wanted.department)
    if isinstance(place, str):
        faults["department"] = place
    if faults or isinstance(place, str):
        raise Invalid(faults)
    account = Account(
        region_id=region.id,
        department_id=place.department_id,
        login=login,
        name=wanted.name or login,
        email=wanted.email,
        role=wanted.role,
        password_hash=hash_password(wanted.password),
        created_at=now,
    )
    try:
        with session.begin_nested():  # somebody may have taken the login since it was looked up
            session.add(account)
    except IntegrityError as error:
        raise Invalid({"login": _("登录名“%(login)s”已被使用。") % {"login": login}}) from error
    return account
