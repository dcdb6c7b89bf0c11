"""What a reminder tells besides its items: what happened since the last one, and who leads."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from app.domain.changes_since import CHANGES, Happened
from app.domain.digest import Hearer
from app.domain.workflow import Role, State
from app.models import (
    Department,
    Obligation,
    ObligationEvent,
)

_CHUNK = 5_000  # SQLite takes 32 766 values in one statement
_AT_ONCE = 1_000  # rows that are read ahead of a long list


def happened(
    session: Session, region_id: int, hearers: Sequence[Hearer], *, after: datetime, until: datetime
) -> Iterator[Happened]:
    """What happened to obligations of their departments in that time, by obligation; read as it is gone through."""
    conditions = [
        col(ObligationEvent.region_id) == region_id,
        col(ObligationEvent.recorded_at) > after,
        col(ObligationEvent.recorded_at) <= until,
        col(ObligationEvent.kind).in_(list(CHANGES)),
    ]
    if all(hearer.departments is not None for hearer in hearers):
        departments = sorted({one for hearer in hearers for one in hearer.departments or ()})
        conditions.append(col(ObligationEvent.department_id).in_(departments))
    statement = (
        select_columns(
            col(ObligationEvent.obligation_id),
            col(ObligationEvent.department_id),
            col(ObligationEvent.kind),
            col(ObligationEvent.recorded_at),
        )
        .where(*conditions)
        .order_by(col(ObligationEvent.obligation_id))
    )
    for row in session.execute(statement, execution_options={"yield_per": _AT_ONCE}):
        yield Happened(*row)


def lead_departments(session: Session, obligation_ids: Sequence[int]) -> dict[int, list[str]]:
    """Names of the departments that lead the milestone of each obligation; none where nobody does."""
    milestones: dict[int, int] = {}
    for start in range(0, len(obligation_ids), _CHUNK):
        asked = col(Obligation.id).in_(obligation_ids[start : start + _CHUNK])
        statement = select_columns(col(Obligation.id), col(Obligation.milestone_id)).where(asked)
        milestones |= {row.id: row.milestone_id for row in session.execute(statement)}
    # Each milestone is looked at once, however many of the obligations are of it.
    leads: dict[int, list[str]] = defaultdict(list)
    wanted = sorted(set(milestones.values()))
    for start in range(0, len(wanted), _CHUNK):
        for milestone_id, name in session.execute(
            select_columns(col(Obligation.milestone_id), col(Department.name))
            .join(Department, col(Department.id) == Obligation.department_id)
            .where(
                col(Obligation.milestone_id).in_(wanted[start : start + _CHUNK]),
                col(Obligation.role) == Role.LEAD,
                col(Obligation.state) != State.CANCELLED,
            )
            .order_by(col(Obligation.milestone_id), col(Obligation.id))
        ):
            leads[milestone_id].append(name)
    return {key: leads[milestone_id] for key, milestone_id in milestones.items() if milestone_id in leads}
