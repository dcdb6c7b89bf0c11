"""A region's own days off and working days, before the national calendar."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, select

from app.domain.one_line import is_one_line
from app.errors import Invalid
from app.i18n import gettext as _
from app.models import DayException, Region
from app.queries.work_calendar import work_calendar

LONGEST_REASON = 200
YEARS_AHEAD = 2


@dataclass(frozen=True, slots=True)
class LocalDay:
    """`day` is None when what was typed is no day."""

    day: date | None
    working: bool
    reason: str


def last_day(today: date) -> date:
    """The last day that can be set: plans are made for a year or two."""
    return date(today.year + YEARS_AHEAD, 12, 31)


def add_local_day(session: Session, region_id: int, wanted: LocalDay, *, today: date) -> DayException:
    """Raises Invalid with every fault: a day of the past, a day that is set already, or is what it shall be anyway."""
    session.exec(select(Region.id).where(Region.id == region_id).with_for_update()).one()
    faults: dict[str, str] = {}
    day = wanted.day
    if fault := _day_fault(session, region_id, wanted, today):
        faults["day"] = fault
    if not wanted.reason:
        faults["reason"] = _("请填写原因，如依据的通知。")
    elif len(wanted.reason) > LONGEST_REASON:
        faults["reason"] = _("原因不能超过%(limit)s个字。") % {"limit": LONGEST_REASON}
    elif not is_one_line(wanted.reason):
        faults["reason"] = _("原因不能含有换行或看不见的字符。")
    if faults or day is None:
        raise Invalid(faults)
    row = DayException(region_id=region_id, day=day, working=wanted.working, reason=wanted.reason)
    session.add(row)
    session.flush()
    return row


def _day_fault(session: Session, region_id: int, wanted: LocalDay, today: date) -> str | None:
    day = wanted.day
    if day is None:
        return _("请填写日期，如2024-12-31、2024/12/31或2024年12月31日。")
    if day < today:
        return _("已经过去的日子不能再改，请填写今天或以后的日期。")
    if day > last_day(today):
        return _("请填写%(year)s年以前的日期。") % {"year": today.year + YEARS_AHEAD + 1}
    known = session.exec(
        select(DayException.id).where(DayException.region_id == region_id, DayException.day == day)
    ).first()
    if known is not None:
        return _("这一天已有本地安排，要改请先删除原来的一条。")
    if work_calendar(session, region_id).is_working(day) == wanted.working:
        return _("这一天本来就是工作日，无须设置。") if wanted.working else _("这一天本来就休息，无须设置。")
    return None


def remove_local_day(session: Session, row: DayException, *, today: date) -> None:
    """Raises Invalid for a day of the past: it says why there was no digest."""
    if row.day < today:
        raise Invalid({"day": _("已经过去的本地安排留作记录，不能删除。")})
    session.delete(row)
    session.flush()
