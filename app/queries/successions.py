"""Successions of departments on record. What was taken back counts for nothing."""

from collections.abc import Sequence
from datetime import date

from sqlmodel import Session, col, select

from app.domain.succession import Line, Step, steps_of
from app.drafts.department_register import SuccessionKind
from app.models import Succession


def standing_successions(session: Session, region_id: int, *, until: date | None = None) -> Sequence[Succession]:
    """In the order of their days; `until`: only those whose day has come by then. They are few."""
    statement = (
        select(Succession)
        .where(Succession.region_id == region_id, col(Succession.undone_at).is_(None))
        .order_by(col(Succession.on), col(Succession.id))
    )
    if until is not None:
        statement = statement.where(col(Succession.on) <= until)
    return session.exec(statement).all()


def line_of(row: Succession) -> Line:
    return Line(
        id=row.id or 0,
        predecessor=row.predecessor_id,
        successor=row.successor_id,
        on=row.on,
        ends=row.kind is not SuccessionKind.TRANSFER,
        splits=row.kind is SuccessionKind.SPLIT,
        task_ids=row.task_ids,
    )


def steps_of_region(session: Session, region_id: int, *, until: date | None = None) -> list[Step]:
    return steps_of(line_of(row) for row in standing_successions(session, region_id, until=until))


def successions_due(session: Session, region_id: int, today: date) -> bool:
    """Is there one whose day has come and whose obligations have not been moved yet?"""
    found = session.exec(
        select(Succession.id)
        .where(
            Succession.region_id == region_id,
            col(Succession.applied_at).is_(None),
            col(Succession.undone_at).is_(None),
            col(Succession.on) <= today,
        )
        .limit(1)
    ).first()
    return found is not None


def rows_of_act(session: Session, row: Succession) -> Sequence[Succession]:
    """Everything that stands and falls with the row: what was recorded with it, or the other parts of its split."""
    statement = select(Succession).where(Succession.region_id == row.region_id).order_by(col(Succession.id))
    if row.act_id is not None:
        return session.exec(statement.where(Succession.act_id == row.act_id)).all()
    if row.kind is not SuccessionKind.SPLIT:
        return [row]
    return session.exec(
        statement.where(
            Succession.predecessor_id == row.predecessor_id,
            Succession.on == row.on,
            Succession.kind == SuccessionKind.SPLIT,
            col(Succession.act_id).is_(None),
            col(Succession.undone_at).is_(None) if row.undone_at is None else Succession.undone_at == row.undone_at,
        )
    ).all()
