"""Which departments a leader is in charge of: all, some, or none."""

import hashlib
from collections.abc import Collection

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Account, Department, LeaderCharge, Region


def charges_of(session: Session, account_id: int) -> frozenset[int] | None:
    """As they were named, None for all; what follows on a department by succession is not among them."""
    found = session.exec(select(LeaderCharge.department_id).where(LeaderCharge.account_id == account_id)).all()
    return None if None in found else frozenset(key for key in found if key is not None)


def charges_mark(named: Collection[int] | None) -> str:
    """Changes whenever the charges do."""
    return hashlib.sha256(repr(None if named is None else sorted(named)).encode()).hexdigest()[:16]


def set_charges(session: Session, account: Account, wanted: Collection[int] | None, *, seen: str) -> None:
    """`wanted`: ids of departments, None for all. `seen` is the mark of what the form showed.

    Raises Invalid for what is no department of the region, Overtaken when somebody else changed them since.
    """
    session.exec(select(Region.id).where(Region.id == account.region_id).with_for_update()).one()
    account_id = account.id or 0
    named = charges_of(session, account_id)
    if charges_mark(named) != seen:
        raise Overtaken(_("分管单位刚被他人修改，本次未保存。请核对下面的内容后再提交。"))
    if wanted is not None:
        known = select(Department.id).where(Department.region_id == account.region_id)
        if not set(wanted) <= set(session.exec(known).all()):
            raise Invalid({"departments": _("没有这个单位，请在列表中选择。")})
    gone, come = _rows(named) - _rows(wanted), _rows(wanted) - _rows(named)
    for row in session.exec(select(LeaderCharge).where(LeaderCharge.account_id == account_id)):
        if row.department_id in gone:
            session.delete(row)
    session.flush()
    for key in sorted(come, key=lambda one: one or 0):
        session.add(LeaderCharge(region_id=account.region_id or 0, account_id=account_id, department_id=key))
    session.flush()


def drop_charges(session: Session, account: Account) -> None:
    """Of who is no leader any more."""
    session.execute(delete(LeaderCharge).where(col(LeaderCharge.account_id) == account.id))


def _rows(named: Collection[int] | None) -> frozenset[int | None]:
    return frozenset({None}) if named is None else frozenset(named)
