"""Who waits for whom over all milestones that are late or near; domain/completion.py has the rule for one of them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from app.domain.workflow import Role
from app.models import Department, Obligation
from app.queries.milestone_standings import MilestoneStanding
from app.queries.waiting import PRESSING, waits_for_department


@dataclass(frozen=True, slots=True)
class Holdup:
    """A department and its obligations (ids) that wait, or are waited for."""

    department_id: int
    department: str
    obligations: Sequence[int]

    @property
    def count(self) -> int:
        return len(self.obligations)


@dataclass(frozen=True, slots=True)
class Holdups:
    """`waits`: who decides and has not submitted, while a supporter has not reported; `awaited`: those supporters.

    Both with the most first.
    """

    waits: Sequence[Holdup]
    awaited: Sequence[Holdup]


def holdups(session: Session, standings: Iterable[MilestoneStanding]) -> Holdups:
    """One query over what is not submitted on the milestones that press."""
    pressing = {one.id: frozenset(one.deciders) for one in standings if one.light in PRESSING}
    columns: list[Any] = [
        col(Obligation.milestone_id),
        col(Obligation.id),
        col(Obligation.role),
        col(Department.id),
        col(Department.name),
    ]
    statement = (
        select(*columns)
        .join(Department, col(Department.id) == Obligation.department_id)
        .where(col(Obligation.milestone_id).in_(pressing), waits_for_department(Obligation.state))
        .order_by(col(Department.position), col(Department.id), col(Obligation.id))
    )
    deciding: dict[int, list[Any]] = defaultdict(list)
    missing: dict[int, list[Any]] = defaultdict(list)
    for row in session.execute(statement):
        if row.role is Role.SUPPORT:
            missing[row.milestone_id].append(row)
        elif row[3] in pressing[row.milestone_id]:
            deciding[row.milestone_id].append(row)
    both = deciding.keys() & missing.keys()
    return Holdups(_by_department(deciding, both), _by_department(missing, both))


def _by_department(rows: dict[int, list[Any]], milestones: Iterable[int]) -> list[Holdup]:
    held: dict[tuple[int, str], list[int]] = defaultdict(list)
    for milestone_id in sorted(milestones):
        for _milestone, obligation_id, _role, key, name in rows[milestone_id]:
            held[key, name].append(obligation_id)
    return sorted((Holdup(*who, ids) for who, ids in held.items()), key=lambda one: (-one.count, one.department_id))
