"""Which obligations a department took over from another, and how late they were when it did.

A list that names the department says so beside them: what was late before is not its doing.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.domain.workflow import WAITING_FOR_DEPARTMENT, EventKind
from app.models import Department, Obligation, ObligationEvent
from app.words import inheritance

BATCH = 500


@dataclass(frozen=True, slots=True)
class Inheritance:
    """`old` is who held it before, `on` the day since which it is the present holder's; `late`: days past the due date
    on that day, 0 where it was not overdue.
    """

    old: str
    on: date
    late: int


def inherited(
    session: Session, obligation_ids: Collection[int], *, cutoff: datetime | None = None
) -> Mapping[int, Inheritance]:
    """Of those that were handed over and not given back; as it was known before `cutoff`."""
    keys = sorted(set(obligation_ids))
    trails: dict[int, list[tuple[str, date, int]]] = {}
    for start in range(0, len(keys), BATCH):
        part = keys[start : start + BATCH]
        handed = select(ObligationEvent.obligation_id).where(
            col(ObligationEvent.obligation_id).in_(part), ObligationEvent.kind == EventKind.TRANSFERRED
        )
        statement = (
            select_columns(
                col(ObligationEvent.obligation_id),
                col(Department.name),
                col(ObligationEvent.on),
                col(ObligationEvent.state),
                col(ObligationEvent.due),
            )
            .join(Department, col(Department.id) == ObligationEvent.department_id)
            .where(
                col(ObligationEvent.obligation_id).in_(handed),
                or_(col(ObligationEvent.seq) == 1, col(ObligationEvent.kind) == EventKind.TRANSFERRED),
            )
            .order_by(col(ObligationEvent.obligation_id), col(ObligationEvent.seq))
        )
        if cutoff is not None:
            statement = statement.where(col(ObligationEvent.recorded_at) < cutoff)
        for key, department, on, state, due in session.execute(statement):
            late = (on - due).days if due is not None and state in WAITING_FOR_DEPARTMENT else 0
            _hand(trails.setdefault(key, []), (department, on, max(0, late)))
    return {key: Inheritance(trail[-2][0], *trail[-1][1:]) for key, trail in trails.items() if len(trail) > 1}


def inherited_in_words(
    session: Session, obligation_ids: Collection[int], *, cutoff: datetime | None = None
) -> Mapping[int, str]:
    """For files."""
    found = inherited(session, obligation_ids, cutoff=cutoff)
    return {key: inheritance(one.old, one.on, one.late) for key, one in found.items()}


def _hand(trail: list[tuple[str, date, int]], step: tuple[str, date, int]) -> None:
    """What comes back to who had it before is as if it had never left."""
    for place, (department, _on, _late) in enumerate(trail):
        if department == step[0]:
            del trail[place + 1 :]
            return
    trail.append(step)


def late_when_taken_over(session: Session, region_id: int, department_id: int, today: date) -> int:
    """How many of the department's overdue obligations were overdue already when they came to it."""
    due = (
        select(Obligation.id)
        .where(
            Obligation.region_id == region_id,
            Obligation.department_id == department_id,
            col(Obligation.state).in_(WAITING_FOR_DEPARTMENT),
            col(Obligation.due) < today,
        )
        .order_by(col(Obligation.id))
    )
    keys = [key or 0 for key in session.exec(due)]
    return sum(1 for one in inherited(session, keys).values() if one.late)


def taken_over(session: Session, region_id: int, department_id: int) -> int:
    """How many obligations were handed to the department and are still its own."""
    opened = aliased(ObligationEvent)
    statement = (
        select_columns(func.count())
        .select_from(Obligation)
        .join(opened, (col(opened.obligation_id) == Obligation.id) & (col(opened.seq) == 1))
        .where(
            col(Obligation.region_id) == region_id,
            col(Obligation.department_id) == department_id,
            col(opened.department_id) != department_id,
        )
    )
    return int(session.execute(statement).scalar_one())
