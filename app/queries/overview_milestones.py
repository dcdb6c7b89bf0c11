"""The milestones behind a figure of the region's overview: of several plans, by pages."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlmodel import Session, col, select

from app.domain.completion import Part, deciding
from app.domain.lights import Light
from app.models import Department, Milestone, Obligation, Phase, Plan, Task
from app.queries.listed_obligations import DateKey
from app.queries.milestone_standings import MilestoneStanding
from app.queries.obligations import FAR, PAGE


class Passed(StrEnum):
    """What a list can show beside the lights: milestones whose date is over."""

    PAST = "past"
    DONE = "past_done"
    PENDING = "past_pending"  # neither done nor late: in review, or extended for somebody


@dataclass(frozen=True, slots=True)
class WantedMilestones:
    """`department_id`: those on which this department decides."""

    department_id: int | None = None
    light: Light | None = None
    passed: Passed | None = None
    due: date | None = None


@dataclass(frozen=True, slots=True)
class OverviewMilestone:
    """`deciders` with the state of each; `review` is a yearly MM-DD for what has no due date."""

    id: int
    plan_code: str
    plan_title: str
    task_number: str
    task_title: str
    phase: str
    due: date | None
    review: str | None
    light: Light | None
    deciders: Sequence[Part]


@dataclass(frozen=True, slots=True)
class OverviewMilestones:
    """`count` is of all pages; `after` the key of the next page, None on the last."""

    rows: Sequence[OverviewMilestone]
    count: int
    after: DateKey | None


def overview_milestones(
    session: Session,
    standings: Sequence[MilestoneStanding],
    wanted: WantedMilestones,
    today: date,
    *,
    after: DateKey | None = None,
    limit: int = PAGE,
) -> OverviewMilestones:
    """The earliest date first, what has none at the end; two queries for the rows of one page."""
    found = sorted((one for one in standings if _within(one, wanted, today)), key=_key)
    rest = [one for one in found if after is None or _key(one) > after]
    shown = rest[:limit]
    return OverviewMilestones(_told(session, shown), len(found), _key(shown[-1]) if len(rest) > limit else None)


def _key(standing: MilestoneStanding) -> DateKey:
    return standing.due or FAR, standing.id


def _within(standing: MilestoneStanding, wanted: WantedMilestones, today: date) -> bool:
    if wanted.department_id is not None and wanted.department_id not in standing.deciders:
        return False
    if wanted.light is not None and standing.light is not wanted.light:
        return False
    if wanted.due is not None and standing.due != wanted.due:
        return False
    match wanted.passed:
        case None:
            return True
        case Passed.PAST:
            return standing.past(today)
        case Passed.DONE:
            return standing.past(today) and standing.light is Light.DONE
        case Passed.PENDING:
            return standing.past(today) and standing.light not in {Light.DONE, Light.OVERDUE}


def _told(session: Session, shown: Sequence[MilestoneStanding]) -> list[OverviewMilestone]:
    ids = [one.id for one in shown]
    parts: dict[int, list[Part]] = defaultdict(list)
    for milestone_id, name, role, state in session.execute(
        select(Obligation.milestone_id, Department.name, Obligation.role, Obligation.state)
        .join(Department, col(Department.id) == Obligation.department_id)
        .where(col(Obligation.milestone_id).in_(ids))
        .order_by(col(Department.position), col(Department.id))
    ):
        parts[milestone_id].append(Part(name, role, state))
    columns: list[Any] = [
        col(Milestone.id),
        col(Plan.code),
        col(Plan.title),
        col(Task.number),
        col(Task.title),
        col(Phase.name),
        col(Milestone.due),
        col(Milestone.review),
    ]
    statement = (
        select(*columns)
        .join(Task, col(Task.id) == Milestone.task_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .join(Plan, col(Plan.id) == Milestone.plan_id)
        .where(col(Milestone.id).in_(ids))
    )
    told: dict[int, Any] = {row[0]: row for row in session.execute(statement)}
    return [_milestone(told[one.id], one, deciding(parts[one.id])) for one in shown]


def _milestone(row: Any, standing: MilestoneStanding, deciders: Sequence[Part]) -> OverviewMilestone:
    key, plan_code, plan_title, number, title, phase, due, review = row
    return OverviewMilestone(key, plan_code, plan_title, number, title, phase, due, review, standing.light, deciders)
