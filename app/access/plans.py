"""Plans 规划, their source notes, and what of them everybody may read."""

from sqlmodel import Session, select

from app.access.pages import manages_region, plan_pages, secretariat_only
from app.access.viewer import Viewer
from app.errors import Forbidden, NotFound
from app.models import Plan, SourceNote
from app.queries.plan_releases import ReleasedPlan, released_plan


def plan_for_reading(session: Session, viewer: Viewer, code: str) -> Plan:
    plan_pages(viewer)
    row = session.exec(select(Plan).where(Plan.code == code)).one_or_none()
    if row is None:
        raise NotFound
    if row.region_id != viewer.region_id:
        raise Forbidden
    return row


def plan_for_managing(session: Session, viewer: Viewer, code: str) -> Plan:
    manages_region(viewer)
    return plan_for_reading(session, viewer, code)


def plan_for_everybody(session: Session, code: str) -> ReleasedPlan:
    """Without an account: only what the secretariat has released."""
    released = released_plan(session, code) if "\x00" not in code else None
    if released is None:
        raise NotFound
    return released


def note_for_reading(session: Session, viewer: Viewer, code: str, note_id: int) -> tuple[Plan, SourceNote]:
    plan = plan_for_reading(session, viewer, code)
    row = session.get(SourceNote, note_id)
    if row is None or row.plan_id != plan.id:
        raise NotFound
    return plan, row


def note_for_deciding(session: Session, viewer: Viewer, code: str, note_id: int) -> tuple[Plan, SourceNote]:
    secretariat_only(viewer)
    return note_for_reading(session, viewer, code, note_id)
