"""Runs of reminders that were made, and what became of their mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.models import Account, Department, Digest, DigestRun, OutboxMail, OverdueList
from app.models.digest_run import RunKind
from app.models.outbox_mail import MailState

PAGE = 50


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


@dataclass(frozen=True, slots=True)
class SentRow:
    """One mail of a run. `key` is the digest's, to page on with."""

    key: int
    mail_id: int
    to_name: str
    department: str | None
    to_address: str
    subject: str
    state: MailState
    attempts: int
    in_doubt: bool


@dataclass(frozen=True, slots=True)
class SentPage:
    """`after`: the key of the last row, to ask for the next page with; None on the last page."""

    rows: Sequence[SentRow]
    after: int | None


def mails_of_run(session: Session, run_id: int, *, after: int = 0, limit: int = PAGE) -> SentPage:
    """In the order in which they were written."""
    statement = (
        select_columns(
            col(Digest.id),
            col(OutboxMail.id),
            col(OutboxMail.to_name),
            col(Department.name),
            col(OutboxMail.to_address),
            col(OutboxMail.subject),
            col(OutboxMail.state),
            col(OutboxMail.attempts),
            col(OutboxMail.in_doubt),
        )
        .join(OutboxMail, col(OutboxMail.id) == Digest.mail_id)
        .join(Account, col(Account.id) == Digest.account_id)
        .outerjoin(Department, col(Department.id) == Account.department_id)
        .where(col(Digest.run_id) == run_id, col(Digest.id) > after)
        .order_by(col(Digest.id))
        .limit(limit + 1)
    )
    rows = [SentRow(*row) for row in session.execute(statement)]
    return SentPage(rows[:limit], rows[limit - 1].key if len(rows) > limit else None)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What is on record of a region's runs: those made and the days of the lists frozen since the day asked for.

    `first` is the day of the region's very first run.
    """

    made: frozenset[tuple[RunKind, date]]
    lists: frozenset[date]
    first: date | None


def run_record(session: Session, region_id: int, *, since: date) -> RunRecord:
    made = session.exec(
        select(col(DigestRun.kind), col(DigestRun.run_date)).where(
            DigestRun.region_id == region_id, col(DigestRun.run_date) >= since
        )
    ).all()
    first = session.exec(select(func.min(DigestRun.run_date)).where(DigestRun.region_id == region_id)).one()
    lists = session.exec(
        select(col(OverdueList.as_of)).where(OverdueList.region_id == region_id, col(OverdueList.as_of) >= since)
    ).all()
    return RunRecord(frozenset((kind, day) for kind, day in made), frozenset(lists), first)
