"""Whether the worker is alive, by what it has left in the tables, and what else waits for the office."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, bindparam, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.models import DigestRun, NoteDecision, OutboxMail, Plan, Region, SourceNote
from app.models.digest_run import RunKind
from app.models.outbox_mail import MailState
from app.queries.work_calendar import work_calendar

# The worker looks every few seconds; what lies longer than that, nobody has looked at.
PATIENCE = timedelta(minutes=10)
RECENT_MAILS = 500


@dataclass(frozen=True, slots=True)
class OpenNotes:
    plan_code: str
    plan_title: str
    count: int


@dataclass(frozen=True, slots=True)
class OfficeState:
    """`next_day`: the day of the next daily run; `missed`: its hour has passed and it was not made.

    `queued` mails are on their way, `stuck` says that one of them has waited too long for its turn; `failed` counts
    those of the last 500 that were given up.
    """

    last_daily: DigestRun | None
    next_day: date
    missed: bool
    queued: int
    stuck: bool
    failed: int
    notes: list[OpenNotes]

    @property
    def worker_is_quiet(self) -> bool:
        return self.missed or self.stuck


def office_state(session: Session, region: Region, *, now: datetime, at: time) -> OfficeState:
    """`at`: the local time of the daily run."""
    region_id = region.id or 0
    local = now.astimezone(ZoneInfo(region.time_zone))
    today = local.date()
    last = session.exec(
        select(DigestRun)
        .where(DigestRun.region_id == region_id, DigestRun.kind == RunKind.DAILY)
        .order_by(col(DigestRun.run_date).desc())
        .limit(1)
    ).one_or_none()
    made_today = last is not None and last.run_date >= today
    next_day = work_calendar(session, region_id).on_or_after(today + timedelta(days=1) if made_today else today)
    due = datetime.combine(next_day, at, ZoneInfo(region.time_zone))
    queued, oldest = _queued(session, region_id)
    return OfficeState(
        last_daily=last,
        next_day=next_day,
        missed=local - due > PATIENCE,
        queued=queued,
        stuck=oldest is not None and now - oldest > PATIENCE,
        failed=_failed(session, region_id),
        notes=_open_notes(session, region_id),
    )


def _queued(session: Session, region_id: int) -> tuple[int, datetime | None]:
    """How many, and since when the first of them could have been sent."""
    # Literals, in the order of the partial index: behind parameters no planner sees its condition.
    on_their_way: BindParameter[list[MailState]] = bindparam(
        "queued_states", [MailState.QUEUED, MailState.SENDING], expanding=True, literal_execute=True
    )
    row = session.execute(
        select_columns(func.count(), func.min(OutboxMail.next_try_at)).where(
            col(OutboxMail.region_id) == region_id, col(OutboxMail.state).in_(on_their_way)
        )
    ).one()
    return row[0], row[1]


def _failed(session: Session, region_id: int) -> int:
    recent = (
        select(OutboxMail.state)
        .where(OutboxMail.region_id == region_id)
        .order_by(col(OutboxMail.id).desc())
        .limit(RECENT_MAILS)
        .subquery()
    )
    found: int = session.execute(
        select_columns(func.count()).select_from(recent).where(recent.c.state == MailState.FAILED)
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
