"""Moves the open obligations of departments that have been succeeded; closed ones keep the old name."""

from datetime import date, datetime

from sqlmodel import Session, col, select

from app.changes.record_event import record_event
from app.domain.workflow import LIVE, EventKind
from app.i18n import gettext as _
from app.i18n import officially
from app.models import Department, Obligation, Region, Succession


def apply_successions(session: Session, region: Region, *, today: date, now: datetime, by: int | None = None) -> int:
    """Applies every succession on record whose day has come; returns the number of obligations that were moved."""
    due = session.exec(
        select(Succession)
        .where(Succession.region_id == region.id, col(Succession.applied_at).is_(None), col(Succession.on) <= today)
        .order_by(col(Succession.on), col(Succession.id))
    ).all()
    return sum(_apply(session, succession, now=now, by=by) for succession in due)


def _apply(session: Session, succession: Succession, *, now: datetime, by: int | None) -> int:
    names = dict(
        session.exec(
            select(Department.id, Department.name).where(
                col(Department.id).in_([succession.predecessor_id, succession.successor_id])
            )
        ).all()
    )
    with officially():
        reason = _("%(old)s的职责自%(on)s起由%(new)s承继。") % {
            "old": names[succession.predecessor_id],
            "new": names[succession.successor_id],
            "on": succession.on.isoformat(),
        }
        # Several predecessors of one successor on one milestone: one report is enough.
        merged = reason + _("承继单位已有同一节点的事项，并案办理。")
    rows = session.exec(
        select(Obligation).where(
            Obligation.region_id == succession.region_id,
            Obligation.department_id == succession.predecessor_id,
            col(Obligation.state).in_(LIVE),
        )
    ).all()
    taken = set(
        session.exec(
            select(Obligation.milestone_id).where(
                Obligation.region_id == succession.region_id,
                Obligation.department_id == succession.successor_id,
            )
        ).all()
    )
    for row in rows:
        if row.milestone_id in taken:
            record_event(session, row, EventKind.CANCELLED, on=succession.on, now=now, by=by, reason=merged)
            continue
        record_event(
            session,
            row,
            EventKind.TRANSFERRED,
            on=succession.on,
            now=now,
            by=by,
            reason=reason,
            department_id=succession.successor_id,
        )
        taken.add(row.milestone_id)
    succession.applied_at = now
    session.add(succession)
    session.flush()
    return len(rows)
