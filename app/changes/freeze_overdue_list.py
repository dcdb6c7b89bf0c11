"""Freezes the weekly overdue list: numbered, hashed, chained to the one before, never changed again."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.changes.recorded_moment import note_cutoff
from app.clock import day_end, local_day
from app.domain.list_hash import list_sha256
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import OverdueList, OverdueRow, Region
from app.queries.overdue import OverdueItem, overdue_as_known
from app.queries.overdue_lists import frozen_list_of_day
from app.queries.trail_findings import trail_head


def freeze_overdue_list(session: Session, region: Region, *, as_of: date, now: datetime, by: int | None) -> OverdueList:
    """The list of `as_of` with everything recorded by now, or by that day's end if the day is over.

    Raises Overtaken when that day has a list already, Invalid for a day to come or before the last list.
    """
    today = local_day(now, region.time_zone)
    if as_of > today:
        raise Invalid({"as_of": _("不能冻结将来日期的清单。")})
    # One at a time in a region (SQLite has one writer anyway): else two days frozen at once would follow on
    # the same list.
    session.exec(select(Region.id).where(Region.id == region.id).with_for_update()).one()
    if frozen_list_of_day(session, region.id or 0, as_of) is not None:
        raise Overtaken(_("%(day)s的逾期清单已经冻结。") % {"day": as_of.isoformat()})
    last = session.exec(
        select(OverdueList).where(OverdueList.region_id == region.id).order_by(col(OverdueList.as_of).desc()).limit(1)
    ).one_or_none()
    if last is not None and last.as_of > as_of:
        raise Invalid({"as_of": _("%(day)s之后已有冻结的清单，期号不能倒排。") % {"day": as_of.isoformat()}})
    late = as_of < today
    cutoff = day_end(as_of, region.time_zone) if late else now
    items = overdue_as_known(session, region.id or 0, as_of, cutoff=cutoff)
    rows = [_row(position, item) for position, item in enumerate(items, start=1)]
    number = session.exec(
        select(func.coalesce(func.max(OverdueList.number), 0)).where(
            OverdueList.region_id == region.id, OverdueList.year == as_of.year
        )
    ).one()
    previous = last.sha256 if last else ""
    head = trail_head(session, region.id or 0)
    frozen = OverdueList(
        region_id=region.id or 0,
        year=as_of.year,
        number=number + 1,
        as_of=as_of,
        cutoff=cutoff,
        frozen_at=now,
        frozen_by=by,
        late=late,
        row_count=len(rows),
        sha256=list_sha256(previous, as_of.year, number + 1, as_of, rows, audit=head),
        previous_sha256=previous,
        audit_seq=head[0],
        audit_sha256=head[1],
    )
    session.add(frozen)
    try:
        session.flush()
    except IntegrityError as error:  # two at once: the unique day decides
        raise Overtaken(_("%(day)s的逾期清单刚刚已由他人冻结。") % {"day": as_of.isoformat()}) from error
    session.add_all(OverdueRow(list_id=frozen.id or 0, **row) for row in rows)
    session.flush()
    note_cutoff(session, region.id or 0, cutoff)
    return frozen


def _row(position: int, item: OverdueItem) -> dict[str, Any]:
    return {
        "position": position,
        "obligation_id": item.obligation_id,
        "plan_code": item.plan_code,
        "plan_title": item.plan_title,
        "task_number": item.task_number,
        "task_title": item.task_title,
        "phase": item.phase,
        "department": item.department,
        "role": item.role.value,
        "state": item.state.value,
        "due": item.due,
        "first_due": item.first_due,
        "days_late": item.days_late,
        "extensions": item.extensions,
    }
