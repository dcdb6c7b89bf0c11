"""A region never loses the last who could let anybody in again, nor its last secretariat."""

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.access.roles import account_keepers
from app.errors import Overtaken
from app.i18n import gettext as _
from app.models import Account, Region
from app.models.account import AccountRole


def lock_region(session: Session, account: Account, *, by: int | None, separate: bool = False) -> Region:
    """Changes of a region's accounts go one after another, and `account` is as the one before left it.

    Two who close each other, or take each other's role, at the same moment would otherwise both see the other still
    there. (SQLite has one writer anyway.) `by`: None on the command line. `separate`: whether duties are.
    Raises Overtaken when `by` was closed by the one before, or may keep accounts no more.
    """
    region = session.exec(select(Region).where(Region.id == account.region_id).with_for_update()).one()
    session.refresh(account)
    if by is not None:
        _still_keeps(session, by, separate=separate)
    return region


def _still_keeps(session: Session, by: int, *, separate: bool) -> None:
    found = session.execute(select(Account.active, Account.role).where(Account.id == by)).one_or_none()
    if found is None or not found.active:
        raise Overtaken(_("您的账号刚被停用，本次操作未执行。"))
    if found.role not in account_keepers(separate=separate):
        raise Overtaken(_("您的角色刚被更改，已不能管理账号，本次操作未执行。"))


def must_not_be_last(session: Session, account: Account, *, separate: bool = False) -> str | None:
    """Why the account must stay active and in its role, or None. The region is to be locked before."""
    if not account.active:
        return None
    if account.role is AccountRole.SECRETARIAT and not _others(session, account, frozenset({account.role})):
        return _("这是本行政区最后一个在用的秘书处账号，请先新增或启用另一个。")
    keepers = account_keepers(separate=separate)
    if account.role in keepers and not _others(session, account, keepers):
        return _("这是本行政区最后一个能管理账号的在用账号，请先新增或启用另一个。")
    return None


def _others(session: Session, account: Account, roles: frozenset[AccountRole]) -> int:
    """How many active accounts of the region have one of these roles beside this one."""
    return session.exec(
        select(func.count())
        .select_from(Account)
        .where(
            Account.region_id == account.region_id,
            col(Account.role).in_(roles),
            col(Account.active).is_(True),
            Account.id != account.id,
        )
    ).one()
