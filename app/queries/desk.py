"""What waits for the secretariat, in figures."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.models import DigestRun, Obligation, OverdueList
from app.models.digest_run import RunKind
from app.queries.digest_runs import run_of
from app.queries.extensions import open_request_count
from app.queries.review_queue import queue_length
from app.queries.waiting import waits_for_department


@dataclass(frozen=True, slots=True)
class Desk:
    """`last_list` is the newest frozen list, `this_week` whether it is of this week, `mailed` whether that went out.

    `list_day` is the day of this week's list, which is ahead in a week that begins with holidays.
    """

    reviews: int
    extensions: int
    overdue: int
    last_list: OverdueList | None
    this_week: bool
    mailed: bool
    list_day: date
    last_run: DigestRun | None


def desk(session: Session, region_id: int, today: date, *, list_day: date) -> Desk:
    last_list = session.exec(
        select(OverdueList).where(OverdueList.region_id == region_id).order_by(col(OverdueList.as_of).desc()).limit(1)
    ).one_or_none()
    monday = today - timedelta(days=today.weekday())
    return Desk(
        reviews=queue_length(session, region_id),
        extensions=open_request_count(session, region_id),
        overdue=_overdue_count(session, region_id, today),
        last_list=last_list,
        this_week=last_list is not None and last_list.as_of >= monday,
        mailed=run_of(session, region_id, RunKind.WEEKLY, list_day) is not None,
        list_day=list_day,
        last_run=session.exec(
            select(DigestRun)
            .where(DigestRun.region_id == region_id)
            .order_by(col(DigestRun.run_date).desc(), col(DigestRun.made_at).desc())
            .limit(1)
        ).one_or_none(),
    )


def _overdue_count(session: Session, region_id: int, today: date) -> int:
    return session.exec(
        select(func.count())
        .select_from(Obligation)
        .where(
            Obligation.region_id == region_id,
            waits_for_department(Obligation.state),
            col(Obligation.due) < today,
        )
    ).one()
