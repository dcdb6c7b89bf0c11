"""What became of a region's mails, and what else waits for the office. Whether they go out: app/queries/health.py."""

from dataclasses import dataclass

from sqlalchemy import BindParameter, bindparam, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.models import NoteDecision, OutboxMail, Plan, Region, SourceNote
from app.models.outbox_mail import MailFault, MailState

RECENT_MAILS = 500


@dataclass(frozen=True, slots=True)
class OpenNotes:
    plan_code: str
    plan_title: str
    count: int


@dataclass(frozen=True, slots=True)
class OfficeState:
    """`queued` mails are on their way; `failed` counts those of the last 500 that were given up, not taken back."""

    queued: int
    failed: int
    notes: list[OpenNotes]


def office_state(session: Session, region: Region) -> OfficeState:
    region_id = region.id or 0
    return OfficeState(_queued(session, region_id), _failed(session, region_id), _open_notes(session, region_id))


def _queued(session: Session, region_id: int) -> int:
    # Literals, in the order of the partial index: behind parameters no planner sees its condition.
    on_their_way: BindParameter[list[MailState]] = bindparam(
        "queued_states", [MailState.QUEUED, MailState.SENDING], expanding=True, literal_execute=True
    )
    found: int = session.execute(
        select_columns(func.count())
        .select_from(OutboxMail)
        .where(col(OutboxMail.region_id) == region_id, col(OutboxMail.state).in_(on_their_way))
    ).scalar_one()
    return found


def _failed(session: Session, region_id: int) -> int:
    recent = (
        select(OutboxMail.state, OutboxMail.fault)
        .where(OutboxMail.region_id == region_id)
        .order_by(col(OutboxMail.id).desc())
        .limit(RECENT_MAILS)
        .subquery()
    )
    found: int = session.execute(
        select_columns(func.count())
        .select_from(recent)
        .where(recent.c.state == MailState.FAILED, recent.c.fault.is_distinct_from(MailFault.DROPPED))
    ).scalar_one()
    return found


def _open_notes(session: Session, region_id: int) -> list[OpenNotes]:
    """By plan: the newest decision of a note counts, and an empty one takes the decision back."""
    newest = (
        select(NoteDecision.text)
        .where(col(NoteDecision.note_id) == col(SourceNote.id))
        .order_by(col(NoteDecision.id).desc())
        .limit(1)
        .correlate(SourceNote)
        .scalar_subquery()
    )
    rows = session.execute(
        select_columns(col(Plan.code), col(Plan.title), func.count())
        .join(SourceNote, col(SourceNote.plan_id) == Plan.id)
        .where(col(Plan.region_id) == region_id, func.coalesce(newest, "") == "")
        .group_by(col(Plan.code), col(Plan.title), col(Plan.id))
        .order_by(col(Plan.id))
    )
    return [OpenNotes(*row) for row in rows]
