"""A region never loses its last secretariat: nobody could let anybody in again."""

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.errors import Overtaken
from app.i18n import gettext as _
from app.models import Account, Region
from app.models.account import AccountRole


def lock_region(session: Session, account: Account, *, by: int) -> Region:
    """Changes of a region's accounts go one after another, and `account` is as the one before left it.

    Two who close each other at the same moment would otherwise both see the other still there. (SQLite has one
    writer anyway.) Raises Overtaken when `by` was closed by the one before.
    """
    region = session.exec(select(Region).where(Region.id == account.region_id).with_for_update()).one()
    session.refresh(account)
    acting = session.exec(select(Account.active).where(Account.id == by)).one_or_none()
    if not acting:
        raise Overtaken(_("您的账号刚被停用，本次操作未执行。"))
    return region


def must_not_be_last(session: Session, account: Account) -> str | None:
    """Why the account must stay a secretariat, or None. The region is to be locked before."""
    if account.role is not AccountRole.SECRETARIAT or not account.active:
        return None
    others = session.exec(
        select(func.count())
        .select_from(Account)
        .where(
            Account.region_id == account.region_id,
            Account.role == AccountRole.SECRETARIAT,
            col(Account.active).is_(True),
            Account.id != account.id,
        )
    ).one()
    return None if others else _("这是本行政区最后一个在用的秘书处账号，请先新增或启用另一个。")
