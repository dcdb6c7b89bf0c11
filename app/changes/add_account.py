"""A new account."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.changes.account_fields import address_fault, find_place, login_fault, name_fault
from app.changes.password_hash import hash_password, unusable_hash
from app.changes.password_rules import password_fault
from app.clock import local_day
from app.domain.password_policy import PasswordPolicy, password_policy
from app.errors import Invalid
from app.i18n import gettext as _
from app.models import Account, Region
from app.models.account import AccountRole
from app.queries.directory import load_directory

_USUAL_POLICY = password_policy("asvs", days=0)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """`department` in any spelling of the register. Without a name the login is shown to others.

    Without a password, as almost always, its owner chooses one by a link (`first_way_in`).
    """

    login: str
    role: AccountRole
    password: str | None = None
    department: str | None = None
    email: str | None = None
    name: str | None = None


def add_account(
    session: Session, region: Region, wanted: NewAccount, *, now: datetime, policy: PasswordPolicy = _USUAL_POLICY
) -> Account:
    """Raises Invalid with every fault."""
    faults: dict[str, str] = {}
    login = wanted.login.strip()
    if fault := login_fault(session, login):
        faults["login"] = fault
    if wanted.name is not None and (fault := name_fault(wanted.name)):
        faults["name"] = fault
    if wanted.password is not None and (fault := password_fault(wanted.password, policy, _words(region, wanted))):
        faults["password"] = fault
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
        password_hash=hash_password(wanted.password) if wanted.password is not None else unusable_hash(),
        password_set_at=now if wanted.password is not None else None,
        created_at=now,
    )
    try:
        with session.begin_nested():  # somebody may have taken the login since it was looked up
            session.add(account)
    except IntegrityError as error:
        raise Invalid({"login": _("登录名“%(login)s”已被使用。") % {"login": login}}) from error
    return account


def _words(region: Region, wanted: NewAccount) -> list[str]:
    """What everybody knows of the account."""
    return [word for word in (wanted.login, wanted.name, wanted.department, region.name) if word]
