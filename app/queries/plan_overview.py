"""All plans of a region, each with how far it has come: one grouped query, whatever the number of plans."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.domain.completion import Part, milestone_light
from app.domain.lights import Light
from app.domain.workflow import State
from app.drafts.plan_draft import AssignmentMode
from app.models import Milestone, Obligation, Plan, Task
from app.queries.obligation_lights import light_column
from app.queries.plans import Share, plans_of_region


@dataclass(slots=True)
class PlanOverview:
    """`unassigned` of `tasks` name nobody; nothing is reported on them."""

    plan: Plan
    milestones: Share = field(default_factory=Share)
    obligations: Share = field(default_factory=Share)
    tasks: int = 0
    unassigned: int = 0


def plans_overview(session: Session, region_id: int, today: date) -> Sequence[PlanOverview]:
    """In the order of `plans_of_region`."""
    found = {plan.id: PlanOverview(plan) for plan in plans_of_region(session, region_id)}
    for plan_id, mode, tasks in session.exec(
        select(Task.plan_id, Task.mode, func.count())
        .where(Task.region_id == region_id, col(Task.plan_id).in_(found), col(Task.withdrawn).is_(False))
        .group_by(col(Task.plan_id), col(Task.mode))
    ):
        found[plan_id].tasks += tasks
        found[plan_id].unassigned += tasks if mode is AssignmentMode.UNASSIGNED else 0
    # Departments of one milestone that stand alike are one row: the rule asks who stands how, not who is who.
    standing: list[Any] = [
        col(Obligation.plan_id),
        col(Obligation.milestone_id),
        col(Obligation.role),
        col(Obligation.state),
    ]
    figures: list[Any] = [light_column(today).label("light"), func.count()]
    parts: dict[tuple[int, int], list[tuple[Part, Light]]] = defaultdict(list)
    for plan_id, milestone_id, role, state, text, count in session.execute(
        select(*standing, *figures)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .where(
            Obligation.region_id == region_id,
            col(Obligation.plan_id).in_(found),
            Obligation.state != State.CANCELLED,
            col(Milestone.withdrawn).is_(False),
        )
        .group_by(*standing, "light")
    ):
        light = Light(text)
        parts[plan_id, milestone_id].append((Part("", role, state), light))
        found[plan_id].obligations.add(light, count)
    for (plan_id, _milestone_id), together in parts.items():
        found[plan_id].milestones.add(milestone_light(together))
    return list(found.values())
