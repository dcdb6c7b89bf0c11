"""What an account's login, name, role, department and address must be like: for adding and for editing."""

from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address

from sqlmodel import Session

from app.domain.one_line import is_one_line
from app.i18n import gettext as _
from app.i18n import officially
from app.models import Region
from app.models.account import IN_DEPARTMENT, AccountRole
from app.queries.directory import Directory
from app.queries.sessions import account_by_login
from app.words import word

LONGEST_LOGIN = 64
LONGEST_NAME = 100
LONGEST_ADDRESS = 254  # RFC 5321, 4.5.3.1.3, without the brackets


@dataclass(frozen=True, slots=True)
class Place:
    """Where an account belongs; without a department to the whole region."""

    department_id: int | None = None
    department: str | None = None


def login_fault(session: Session, login: str) -> str | None:
    if not is_one_line(login):
        return _("登录名不能含有换行或看不见的字符。")
    if not login or len(login) > LONGEST_LOGIN:
        return _("登录名应为1至%(limit)s个字。") % {"limit": LONGEST_LOGIN}
    if account_by_login(session, login) is not None:
        return _("登录名“%(login)s”已被使用。") % {"login": login}
    return None


def name_fault(name: str) -> str | None:
    if not is_one_line(name):
        return _("名称不能含有换行或看不见的字符。")
    if not name or len(name) > LONGEST_NAME:
        return _("名称应为1至%(limit)s个字。") % {"limit": LONGEST_NAME}
    return None


def address_fault(address: str) -> str | None:
    """Asks the parser that will write the mail's header, which alone knows what it takes."""
    if not address.isascii():
        return _("邮箱地址只能用英文字母、数字和符号。")
    if len(address) > LONGEST_ADDRESS:
        return _("邮箱地址不能超过%(limit)s个字符。") % {"limit": LONGEST_ADDRESS}
    wrong = _("邮箱地址不正确，应如 name@example.gov.cn。")
    if not is_one_line(address) or any(sign in address for sign in ' <>"(),;:[]\\'):
        return wrong
    try:
        parsed = Address("", addr_spec=address)
    except (ValueError, IndexError, MessageError):
        return wrong
    local, domain = parsed.username, parsed.domain
    return None if local and all(domain.split(".")) and "." in domain else wrong


def find_place(directory: Directory, role: AccountRole, department: str | None) -> Place | str:
    """The department in any spelling, under who holds its duties today; or the sentence of what is wrong."""
    if role not in IN_DEPARTMENT:
        return Place()
    if not department:
        return _("联络员和单位负责人须指明所属单位。")
    holder = directory.resolve(department)
    if holder is None or holder.department_id is None:
        near = "、".join(directory.nearest(department))
        hint = _("是否为：%(near)s？") % {"near": near} if near else ""
        return _("没有单位“%(name)s”。") % {"name": department} + hint
    key = directory.present_holder(holder.department_id)
    if heirs := directory.to_choose_from(key):
        return _("“%(name)s”已拆分，请写明是哪一个：%(heirs)s。") % {"name": department, "heirs": "、".join(heirs)}
    return Place(key, directory.name_of(key))


@officially()
def usual_name(region: Region, role: AccountRole, place: Place) -> str:
    """How an account is called where nobody chose otherwise: 区残联联络员, 西城区秘书处."""
    part = _("负责人") if role is AccountRole.HEAD else word(role)
    return (place.department or region.name) + part
