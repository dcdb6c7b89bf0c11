"""How every milestone of some plans stands, and who decides on it: what the region's overview adds up."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import String, type_coerce
from sqlmodel import Session, col, select

from app.domain.completion import together
from app.domain.lights import Light
from app.domain.workflow import Role, State
from app.drafts.plan_draft import TaskKind
from app.models import Milestone, Obligation, Task
from app.queries.obligation_lights import light_column


@dataclass(frozen=True, slots=True)
class MilestoneStanding:
    """A milestone on which somebody owes a report. `light` is None where nobody decides.

    `deciders`: the departments on whom its completion depends.
    """

    id: int
    plan_id: int
    phase_id: int
    area_id: int | None
    kind: TaskKind
    due: date | None
    light: Light | None
    deciders: Sequence[int]

    def past(self, today: date) -> bool:
        """The plan's own date for it is over, whether or not it was extended for somebody."""
        return self.due is not None and self.due < today


def milestone_standings(session: Session, plan_ids: Sequence[int], today: date) -> list[MilestoneStanding]:
    """Three queries; in the order of plan and milestone. What was withdrawn is not counted."""
    deciding = _deciding(session, plan_ids, today)
    supported = _supported(session, plan_ids)
    columns: list[Any] = [
        col(Milestone.id),
        col(Milestone.plan_id),
        col(Milestone.phase_id),
        col(Task.area_id),
        col(Task.kind),
        col(Milestone.due),
    ]
    statement = (
        select(*columns)
        .join(Task, col(Task.id) == Milestone.task_id)
        .where(col(Milestone.plan_id).in_(plan_ids), col(Milestone.withdrawn).is_(False))
        .order_by(col(Milestone.plan_id), col(Milestone.id))
    )
    found = []
    for key, plan_id, phase_id, area_id, kind, due in session.execute(statement):
        parts = deciding.get(key, [])
        if parts or key in supported:
            light = together({light for _department, light in parts}) if parts else None
            deciders = [department for department, _light in parts]
            found.append(MilestoneStanding(key, plan_id, phase_id, area_id, kind, due, light, deciders))
    return found


def _deciding(session: Session, plan_ids: Sequence[int], today: date) -> Mapping[int, list[tuple[int, Light]]]:
    """Milestone -> (department, its light) of the leads, or of everybody who shares where nobody leads."""
    leads: dict[int, list[tuple[int, Light]]] = defaultdict(list)
    shared: dict[int, list[tuple[int, Light]]] = defaultdict(list)
    # As text: making members of the enumerations out of a thousand rows costs more than the query.
    columns: list[Any] = [col(Obligation.milestone_id), col(Obligation.department_id)]
    columns += [type_coerce(col(Obligation.role), String), light_column(today)]
    statement = select(*columns).where(
        col(Obligation.plan_id).in_(plan_ids), Obligation.state != State.CANCELLED, Obligation.role != Role.SUPPORT
    )
    lights = {light.value: light for light in Light}
    for milestone_id, department_id, role, text in session.execute(statement):
        (leads if role == Role.LEAD.value else shared)[milestone_id].append((department_id, lights[text]))
    return {**shared, **leads}


def _supported(session: Session, plan_ids: Sequence[int]) -> frozenset[int]:
    """Milestones on which somebody supports: they count even when nobody decides any more."""
    return frozenset(
        session.exec(
            select(Obligation.milestone_id)
            .where(
                col(Obligation.plan_id).in_(plan_ids),
                Obligation.state != State.CANCELLED,
                Obligation.role == Role.SUPPORT,
            )
            .distinct()
        )
    )
