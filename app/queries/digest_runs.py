"""Runs of reminders that were made."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.models import Account, DigestRun, OverdueList
from app.models.digest_run import RunKind


def run_of(session: Session, region_id: int, kind: RunKind, run_date: date) -> DigestRun | None:
    return session.exec(
        select(DigestRun).where(
            DigestRun.region_id == region_id, DigestRun.kind == kind, DigestRun.run_date == run_date
        )
    ).one_or_none()


def list_of_run(session: Session, region_id: int, run_date: date) -> OverdueList | None:
    """The list that a weekly run of that day sends: the day's own, or the next that was frozen in that week."""
    sunday = run_date + timedelta(days=6 - run_date.weekday())
    return session.exec(
        select(OverdueList)
        .where(OverdueList.region_id == region_id, col(OverdueList.as_of).between(run_date, sunday))
        .order_by(col(OverdueList.as_of))
        .limit(1)
    ).one_or_none()


def next_number(session: Session, region_id: int, year: int) -> int:
    """The number that the region's next list of the year would get."""
    last = session.exec(
        select(func.max(OverdueList.number)).where(OverdueList.region_id == region_id, OverdueList.year == year)
    ).one()
    return (last or 0) + 1


@dataclass(frozen=True, slots=True)
class RunRow:
    """`started_by`: the name of who sent it by hand, None for the worker."""

    id: int
    kind: RunKind
    run_date: date
    made_at: datetime
    late: bool
    mails: int
    started_by: str | None


def runs(session: Session, region_id: int, *, limit: int = 20) -> list[RunRow]:
    """Newest first."""
    statement = (
        select_columns(
            col(DigestRun.id),
            col(DigestRun.kind),
            col(DigestRun.run_date),
            col(DigestRun.made_at),
            col(DigestRun.late),
            col(DigestRun.mails),
            col(Account.name),
        )
        .outerjoin(Account, col(Account.id) == DigestRun.started_by)
        .where(col(DigestRun.region_id) == region_id)
        .order_by(col(DigestRun.id).desc())
        .limit(limit)
    )
    return [RunRow(*row) for row in session.execute(statement)]
