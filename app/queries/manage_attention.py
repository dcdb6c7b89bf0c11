"""What of a region's administration waits for somebody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.domain.workdays import WorkCalendar
from app.drafts.department_register import Certainty
from app.models import Account, ChatChannel, Department, DepartmentGroup, OutboxMail, Plan, SourceNote, Succession
from app.queries.accounts import came_back, departments_without_liaison, no_mail
from app.queries.mails import failed as failed_mail


@dataclass(frozen=True, slots=True)
class Attention:
    """Counts; `unheard` only of departments that owe something. `unknown_years` have no notice of holidays yet."""

    accounts: int
    without_mail: int
    bounced: int
    unheard: int
    departments: int
    doubtful: int
    waiting_successions: int
    plans: int
    open_notes: int
    failed_mails: int
    unknown_years: list[int]
    channels: int


def attention(session: Session, region_id: int, today: date, calendar: WorkCalendar) -> Attention:
    """The years of the plans' running obligations that lie ahead are looked at up to the next one."""
    accounts, without_mail, bounced = session.execute(
        select_columns(func.count(), func.count().filter(no_mail()), func.count().filter(came_back())).where(
            col(Account.region_id) == region_id, col(Account.active).is_(True)
        )
    ).one()
    doubtful = sum(
        session.exec(
            select(func.count())
            .select_from(table)
            .where(col(table.region_id) == region_id, col(table.certainty) != Certainty.PRINTED, *more)
        ).one()
        for table, more in ((Succession, [col(Succession.undone_at).is_(None)]), (DepartmentGroup, []))
    )
    departments, plans, failed, channels = session.execute(
        select_columns(
            select(func.count())
            .select_from(Department)
            .where(Department.region_id == region_id, col(Department.never_used).is_(False))
            .scalar_subquery(),
            select(func.count()).select_from(Plan).where(Plan.region_id == region_id).scalar_subquery(),
            select(func.count())
            .select_from(OutboxMail)
            .where(OutboxMail.region_id == region_id, failed_mail())
            .scalar_subquery(),
            select(func.count())
            .select_from(ChatChannel)
            .where(ChatChannel.region_id == region_id, col(ChatChannel.active).is_(True))
            .scalar_subquery(),
        )
    ).one()
    known = calendar.known_years
    return Attention(
        accounts=accounts,
        without_mail=without_mail,
        bounced=bounced,
        unheard=sum(1 for one in departments_without_liaison(session, region_id, today) if one.waiting),
        departments=departments,
        doubtful=doubtful,
        waiting_successions=session.exec(
            select(func.count())
            .select_from(Succession)
            .where(
                Succession.region_id == region_id,
                col(Succession.applied_at).is_(None),
                col(Succession.undone_at).is_(None),
            )
        ).one(),
        plans=plans,
        open_notes=sum(open_notes_by_plan(session, region_id).values()),
        failed_mails=failed,
        unknown_years=[year for year in (today.year, today.year + 1) if year not in known],
        channels=channels,
    )


def open_notes_by_plan(session: Session, region_id: int) -> Mapping[str, int]:
    """Code of a plan -> how many of its source notes nobody has decided; plans without one are left out."""
    statement = (
        select_columns(col(Plan.code), func.count())
        .join(SourceNote, col(SourceNote.plan_id) == Plan.id)
        .where(col(Plan.region_id) == region_id, col(SourceNote.decision) == "")
        .group_by(col(Plan.code))
    )
    return dict(session.execute(statement).all())
