"""What everybody may read of a plan. What was not released is not even asked of the database."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from app.domain.lights import Light
from app.domain.workflow import Role
from app.drafts.plan_draft import PlanStatus
from app.models import Measure, Plan
from app.models.plan_release import PublicField
from app.queries.milestone_standings import MilestoneStanding, milestone_standings
from app.queries.plan_milestones import PlanMilestone, milestones_of_plan
from app.queries.plan_sources import indicators_of_plan
from app.queries.plans import areas_of_plan, clauses, tasks_of_plan


@dataclass(slots=True)
class Progress:
    """Milestones complete of those on which somebody owes a report."""

    done: int = 0
    total: int = 0

    def add(self, light: Light | None) -> None:
        self.total += 1
        self.done += light is Light.DONE


@dataclass(frozen=True, slots=True)
class PublicMilestone:
    """`done` is None where progress is not shown."""

    phase: str
    due: date | None
    done: bool | None


@dataclass(frozen=True, slots=True)
class PublicTask:
    """None: not released. `responsibility` maps a role to names."""

    number: str
    title: str
    measures: Sequence[str] | None = None
    responsibility: Mapping[Role, Sequence[str]] | None = None
    milestones: Sequence[PublicMilestone] | None = None
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class PublicArea:
    """`title` is None for tasks that stand in no area."""

    number: str | None
    title: str | None
    tasks: Sequence[PublicTask]


@dataclass(frozen=True, slots=True)
class PublicIndicator:
    """`leads` is None unless responsibilities are shown. `targets`: (year, scope, as printed)."""

    number: str
    name: str
    unit: str
    targets: Sequence[tuple[int, str, str]]
    leads: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class PublicPlan:
    """`status` is always told: nobody should take a draft for what was decided."""

    code: str
    title: str
    status: PlanStatus
    issuer: str | None
    period: tuple[int, int]
    areas: Sequence[PublicArea]
    progress: Progress | None = None
    indicators: Sequence[PublicIndicator] | None = None
    shown: frozenset[PublicField] = field(default_factory=frozenset)


def public_plan(session: Session, plan: Plan, shown: frozenset[PublicField], today: date) -> PublicPlan:
    """At most ten queries, whatever the size of the plan."""
    key = plan.id or 0
    tasks = tasks_of_plan(session, key)
    ids = [task.id or 0 for task in tasks]
    measures = _measures(session, ids) if PublicField.MEASURES in shown else None
    named = _responsibilities(session, ids) if PublicField.RESPONSIBILITY in shown else None
    standings = None
    if PublicField.PROGRESS in shown:
        standings = {one.id: one for one in milestone_standings(session, [key], today)}
    milestones: dict[int, list[PlanMilestone]] = defaultdict(list)
    if shown & {PublicField.DATES, PublicField.PROGRESS}:
        for milestone in milestones_of_plan(session, key):
            milestones[milestone.task_id].append(milestone)
    by_area: dict[int | None, list[PublicTask]] = defaultdict(list)
    for task in tasks:
        own = milestones[task.id or 0]
        by_area[task.area_id].append(
            PublicTask(
                number=task.number,
                title=task.title,
                measures=None if measures is None else measures.get(task.id or 0, ()),
                responsibility=None if named is None else named.get(task.id or 0, {}),
                milestones=_milestones(own, standings) if PublicField.DATES in shown else None,
                progress=None if standings is None else _progress(standings, {one.id for one in own}),
            )
        )
    areas = [PublicArea(area.number, area.title, by_area.pop(area.id, [])) for area in areas_of_plan(session, key)]
    rest = [task for tasks_outside in by_area.values() for task in tasks_outside]
    return PublicPlan(
        code=plan.code,
        title=plan.title,
        status=plan.status,
        issuer=plan.issuer,
        period=(plan.period_from, plan.period_to),
        areas=[area for area in (*areas, PublicArea(None, None, rest)) if area.tasks],
        progress=None if standings is None else _progress(standings, standings.keys()),
        indicators=_indicators(session, key, shown) if PublicField.INDICATORS in shown else None,
        shown=shown,
    )


def _measures(session: Session, task_ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for task_id, text in session.exec(
        select(Measure.task_id, Measure.text)
        .where(col(Measure.task_id).in_(task_ids))
        .order_by(col(Measure.task_id), col(Measure.position))
    ):
        found[task_id].append(text)
    return found


def _responsibilities(session: Session, task_ids: Sequence[int]) -> Mapping[int, Mapping[Role, Sequence[str]]]:
    found: dict[int, dict[Role, list[str]]] = {}
    for task_id, parts in clauses(session, task_ids).items():
        roles = found.setdefault(task_id, {})
        for part in parts:
            roles.setdefault(part.role, []).append(part.name)
    return found


def _milestones(
    own: Sequence[PlanMilestone], standings: Mapping[int, MilestoneStanding] | None
) -> list[PublicMilestone]:
    return [
        PublicMilestone(
            one.phase,
            one.due,
            None if standings is None or one.id not in standings else standings[one.id].light is Light.DONE,
        )
        for one in own
    ]


def _progress(standings: Mapping[int, MilestoneStanding], ids: Any) -> Progress:
    progress = Progress()
    for key in ids:
        if key in standings:
            progress.add(standings[key].light)
    return progress


def _indicators(session: Session, plan_id: int, shown: frozenset[PublicField]) -> list[PublicIndicator]:
    return [
        PublicIndicator(
            number=row.indicator.number,
            name=row.indicator.name,
            unit=row.indicator.unit,
            targets=[(target.year, target.scope, target.printed) for target in row.targets],
            leads=row.leads if PublicField.RESPONSIBILITY in shown else None,
        )
        for row in indicators_of_plan(session, plan_id)
    ]
