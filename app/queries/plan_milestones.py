"""The milestones of a plan: for the marks on its tasks, and as the rows behind a figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from app.domain.completion import Part, deciding
from app.domain.lights import Light
from app.drafts.plan_draft import TaskKind
from app.models import Milestone, Phase, Task
from app.queries.plan_obligations import Wanted
from app.queries.plans import Completion


@dataclass(frozen=True, slots=True)
class PlanMilestone:
    """One milestone without its standing. `review` is a yearly MM-DD for what has no due date."""

    id: int
    task_id: int
    task_number: str
    task_title: str
    area_id: int | None
    kind: TaskKind
    phase_id: int
    phase: str
    due: date | None
    review: str | None


@dataclass(frozen=True, slots=True)
class StandingMilestone:
    """A milestone with its light, those on whom its completion depends, and all who take part.

    `moved`: the date now in force where a deciding department's was moved.
    """

    milestone: PlanMilestone
    light: Light | None
    deciders: Sequence[Part]
    parts: Sequence[Part]
    moved: date | None


_COLUMNS: list[Any] = [
    col(Milestone.id),
    col(Task.id),
    col(Task.number),
    col(Task.title),
    col(Task.area_id),
    col(Task.kind),
    col(Phase.id),
    col(Phase.name),
    col(Milestone.due),
    col(Milestone.review),
]


def milestones_of_plan(session: Session, plan_id: int) -> list[PlanMilestone]:
    """In the order of the document."""
    statement = (
        select(*_COLUMNS)
        .join(Task, col(Task.id) == Milestone.task_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .where(Milestone.plan_id == plan_id, col(Milestone.withdrawn).is_(False))
        .order_by(col(Task.position), col(Milestone.position))
    )
    return [PlanMilestone(*row) for row in session.execute(statement)]


def counted_milestones(
    milestones: Sequence[PlanMilestone], completion: Completion, wanted: Wanted
) -> list[StandingMilestone]:
    """Exactly those that the plan's figures count: with somebody's obligation on them."""
    rows = []
    for milestone in milestones:
        if milestone.id not in completion.standing or not _within(milestone, wanted):
            continue
        light, parts = completion.standing[milestone.id]
        if (light is not Light.DONE) if wanted.unfinished else wanted.light in {None, light}:
            moved = completion.moved.get(milestone.id)
            rows.append(StandingMilestone(milestone, light, deciding(parts), parts, moved))
    return rows


def _within(milestone: PlanMilestone, wanted: Wanted) -> bool:
    if wanted.outside is not None and (milestone.area_id is not None or milestone.kind is not wanted.outside):
        return False
    if wanted.task_id not in {None, milestone.task_id}:
        return False
    return wanted.area_id in {None, milestone.area_id} and wanted.phase_id in {None, milestone.phase_id}
