"""What is on record of a region's runs: those made, those begun and not finished, the lists that were frozen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.models import DigestRun, OverdueList, RunHold
from app.models.digest_run import RunKind


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What there is since the day that was asked for.

    `made`: runs, finished or not. `lists`: the days of the lists that were frozen. `held`: runs that wait for their
    release. `first` and `newest` are the days of the region's very first and very last run.
    """

    made: frozenset[tuple[RunKind, date]]
    lists: frozenset[date]
    held: frozenset[tuple[RunKind, date]]
    first: date | None
    newest: date | None


def run_record(session: Session, region_id: int, *, since: date) -> RunRecord:
    made = session.exec(
        select(col(DigestRun.kind), col(DigestRun.run_date)).where(
            DigestRun.region_id == region_id, col(DigestRun.run_date) >= since
        )
    ).all()
    first, newest = session.exec(
        select(func.min(DigestRun.run_date), func.max(DigestRun.run_date)).where(DigestRun.region_id == region_id)
    ).one()
    lists = session.exec(
        select(col(OverdueList.as_of)).where(OverdueList.region_id == region_id, col(OverdueList.as_of) >= since)
    ).all()
    held = session.exec(
        select(col(RunHold.kind), col(RunHold.run_date)).where(
            RunHold.region_id == region_id, col(RunHold.run_date) >= since, col(RunHold.released_at).is_(None)
        )
    ).all()
    return RunRecord(frozenset(_pairs(made)), frozenset(lists), frozenset(_pairs(held)), first, newest)


def newest_run(session: Session, region_id: int) -> date | None:
    return session.exec(select(func.max(DigestRun.run_date)).where(DigestRun.region_id == region_id)).one()


def unfinished_runs(session: Session, region_id: int) -> Sequence[DigestRun]:
    """The oldest first, and the list of a day before its digest."""
    rows = session.exec(
        select(DigestRun).where(DigestRun.region_id == region_id, col(DigestRun.completed_at).is_(None))
    ).all()
    return sorted(rows, key=lambda run: (run.run_date, run.kind is RunKind.DAILY))


def weekly_run_of_week(session: Session, region_id: int, day: date) -> DigestRun | None:
    """The weekly run of the Monday-to-Sunday week that holds `day`, on whichever of its days it was made.

    One a week: a closure that is entered or taken back afterwards moves the first working day, not the list.
    """
    monday = day - timedelta(days=day.weekday())
    return session.exec(
        select(DigestRun)
        .where(
            DigestRun.region_id == region_id,
            DigestRun.kind == RunKind.WEEKLY,
            col(DigestRun.run_date).between(monday, monday + timedelta(days=6)),
        )
        .order_by(col(DigestRun.run_date))
        .limit(1)
    ).one_or_none()


def _pairs(rows: Sequence[tuple[RunKind, date]]) -> list[tuple[RunKind, date]]:
    return [(kind, day) for kind, day in rows]
