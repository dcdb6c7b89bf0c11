"""Obligations 承办事项, what is reported on them, and the evidence."""

from collections.abc import Collection, Sequence

from sqlmodel import Session, col, exists, select

from app.access.pages import secretariat_only
from app.access.viewer import Viewer, row_of_region
from app.errors import Forbidden, NotFound
from app.models import Evidence, Extension, Obligation
from app.queries.search import Scope


def obligation_for_reading(session: Session, viewer: Viewer, obligation_id: int) -> Obligation:
    """The own department's, and every other department's on a task in which the own one takes part."""
    row = row_of_region(session, viewer, Obligation, obligation_id, allowed=viewer.reads_plans)
    if viewer.reads_region or row.department_id == viewer.department_id:
        return row
    takes_part = session.exec(
        select(
            exists().where(
                col(Obligation.task_id) == row.task_id,
                col(Obligation.department_id) == viewer.department_id,
            )
        )
    ).one()
    if viewer.department_id is None or not takes_part:
        raise Forbidden
    return row


def obligation_for_reporting(session: Session, viewer: Viewer, obligation_id: int) -> Obligation:
    """Only the liaison of the department that owes the report."""
    row = row_of_region(session, viewer, Obligation, obligation_id, allowed=viewer.is_liaison)
    if row.department_id != viewer.department_id:
        raise Forbidden
    return row


def obligations_for_reporting(session: Session, viewer: Viewer, obligation_ids: Sequence[int]) -> None:
    """Whether all of them are the liaison's to report on."""
    if not viewer.is_liaison:
        raise Forbidden
    own = session.exec(
        select(Obligation.id).where(
            col(Obligation.id).in_(obligation_ids),
            Obligation.region_id == viewer.region_id,
            Obligation.department_id == viewer.department_id,
        )
    ).all()
    if set(own) != set(obligation_ids):
        raise Forbidden


def obligation_for_review(session: Session, viewer: Viewer, obligation_id: int) -> Obligation:
    return row_of_region(session, viewer, Obligation, obligation_id, allowed=viewer.is_secretariat)


def obligations_for_review(session: Session, viewer: Viewer, keys: Collection[int]) -> list[Obligation]:
    """In the order of their ids; one that is not the viewer's to review makes the whole request look missing."""
    secretariat_only(viewer)
    rows = session.exec(
        select(Obligation)
        .where(col(Obligation.id).in_(keys), Obligation.region_id == viewer.region_id)
        .order_by(col(Obligation.id))
    ).all()
    if len(rows) != len(set(keys)):
        raise Forbidden
    return list(rows)


def extension_for_decision(session: Session, viewer: Viewer, extension_id: int) -> Extension:
    return row_of_region(session, viewer, Extension, extension_id, allowed=viewer.is_secretariat)


def evidence_for_reading(session: Session, viewer: Viewer, evidence_id: int) -> Evidence:
    """Whoever reads the obligation: the departments of its task and those who read the region."""
    row = session.get(Evidence, evidence_id)
    if row is None:
        raise NotFound
    obligation_for_reading(session, viewer, row.obligation_id)
    return row


def reads_reports_of(viewer: Viewer, taking_part: Collection[int]) -> bool:
    """Whether `obligation_for_reading` opens the obligations of a task in which these departments take part."""
    return viewer.reads_region or (viewer.reads_plans and viewer.department_id in taking_part)


def report_scope(viewer: Viewer) -> Scope:
    """Where a search for words may look: what `obligation_for_reading` would open, asked of many at once."""
    return Scope(viewer.region_id, all_reports=viewer.reads_region, department_id=viewer.department_id)
