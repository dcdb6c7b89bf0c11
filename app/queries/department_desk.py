"""What the filters of a department's list offer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlmodel import Session, col

from app.models import Milestone, Obligation, Phase, Plan


@dataclass(frozen=True, slots=True)
class ListChoices:
    """Of all that the department owes or owed: `plans` code -> title, `phases` plan's title -> id -> name.

    `years` of due dates, oldest first; `undated`: something has no due date.
    """

    plans: Mapping[str, str]
    phases: Mapping[str, Mapping[int, str]]
    years: Sequence[int]
    undated: bool
    phase_ids: frozenset[int] = field(default_factory=frozenset)


def list_choices(session: Session, region_id: int, department_id: int) -> ListChoices:
    """Plans of the newest period first."""
    statement = (
        select(col(Plan.code), col(Plan.title), col(Phase.id), col(Phase.name), col(Obligation.due))
        .select_from(Obligation)
        .join(Plan, col(Plan.id) == Obligation.plan_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .where(col(Obligation.region_id) == region_id, col(Obligation.department_id) == department_id)
        .group_by(
            col(Plan.code),
            col(Plan.title),
            col(Plan.period_from),
            col(Phase.id),
            col(Phase.name),
            col(Phase.position),
            col(Obligation.due),
        )
        .order_by(col(Plan.period_from).desc(), col(Plan.code), col(Phase.position), col(Phase.id))
    )
    plans: dict[str, str] = {}
    phases: dict[str, dict[int, str]] = {}
    dues = set()
    for code, title, phase_id, phase, due in session.execute(statement):
        plans[code] = title
        phases.setdefault(title, {})[phase_id] = phase
        dues.add(due)
    return ListChoices(
        plans=plans,
        phases=phases,
        years=sorted({due.year for due in dues if due is not None}),
        undated=None in dues,
        phase_ids=frozenset(key for names in phases.values() for key in names),
    )
