"""Runs of reminders that the secretariat has stopped before they were made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.models import Account, RunHold
from app.models.digest_run import RunKind


def standing_hold(session: Session, region_id: int, kind: RunKind, run_date: date) -> RunHold | None:
    """The hold that keeps this run from being made; None when nothing does."""
    return session.exec(
        select(RunHold).where(
            RunHold.region_id == region_id,
            RunHold.kind == kind,
            RunHold.run_date == run_date,
            col(RunHold.released_at).is_(None),
        )
    ).one_or_none()


@dataclass(frozen=True, slots=True)
class HoldRow:
    """`held_by`: the name of who held it."""

    id: int
    kind: RunKind
    run_date: date
    reason: str
    held_at: datetime
    held_by: str | None


def standing_holds(session: Session, region_id: int, *, since: date) -> Sequence[HoldRow]:
    """Those of runs of `since` and later, the nearest first."""
    holder = aliased(Account)
    statement = (
        select_columns(
            col(RunHold.id),
            col(RunHold.kind),
            col(RunHold.run_date),
            col(RunHold.reason),
            col(RunHold.held_at),
            col(holder.name),
        )
        .outerjoin(holder, col(holder.id) == RunHold.held_by)
        .where(col(RunHold.region_id) == region_id, col(RunHold.released_at).is_(None), col(RunHold.run_date) >= since)
        .order_by(col(RunHold.run_date), col(RunHold.kind).desc(), col(RunHold.id))
    )
    return [HoldRow(*row) for row in session.execute(statement)]
