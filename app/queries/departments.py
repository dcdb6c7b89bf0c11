"""The departments of a region: what they are called, what they belong to, what they owe."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.domain.lights import Light
from app.domain.workflow import State
from app.drafts.department_register import Certainty, DepartmentKind, SuccessionKind
from app.models import (
    Department,
    DepartmentAlias,
    DepartmentGroup,
    GroupMember,
    Milestone,
    Obligation,
    Plan,
    Succession,
)
from app.queries.obligation_lights import LightCounts, in_order, light_column
from app.queries.plans import Share


@dataclass(frozen=True, slots=True)
class DepartmentRow:
    """`lights` counts its obligations over all plans, without those that were withdrawn.

    `now`: who has taken over its duties, if somebody has.
    """

    id: int
    name: str
    kind: DepartmentKind
    lights: LightCounts
    now: str | None

    @property
    def share(self) -> Share:
        return Share(self.lights[Light.DONE], sum(self.lights.values()), self.lights[Light.OVERDUE])


def departments_by_kind(
    session: Session, region_id: int, today: date
) -> list[tuple[DepartmentKind, Sequence[DepartmentRow]]]:
    """Every kind that occurs, its departments in the order of the register."""
    now = present_names(session, region_id, today)
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    for department_id, light, count in session.execute(
        select(Obligation.department_id, light_column(today).label("light"), func.count())
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .where(
            Obligation.region_id == region_id,
            Obligation.state != State.CANCELLED,
            col(Milestone.withdrawn).is_(False),
        )
        .group_by(col(Obligation.department_id), "light")
    ):
        counts[department_id][light] = count
    kinds: dict[DepartmentKind, list[DepartmentRow]] = {kind: [] for kind in DepartmentKind}
    for key, name, kind in session.execute(
        select(Department.id, Department.name, Department.kind)
        .where(Department.region_id == region_id)
        .order_by(col(Department.position), col(Department.id))
    ):
        kinds[kind].append(DepartmentRow(key, name, kind, in_order(counts[key]), now.get(key)))
    return [(kind, rows) for kind, rows in kinds.items() if rows]


@dataclass(frozen=True, slots=True)
class PlanCounts:
    """A department's obligations of one plan by light."""

    code: str
    title: str
    lights: LightCounts

    @property
    def total(self) -> int:
        return sum(self.lights.values())


def plans_of_department(session: Session, region_id: int, department_id: int, today: date) -> list[PlanCounts]:
    """Newest period first; plans without an obligation of the department are left out."""
    counts: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for code, title, light, count in session.execute(
        select(Plan.code, Plan.title, light_column(today).label("light"), func.count())
        .join(Obligation, col(Obligation.plan_id) == Plan.id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .where(
            Obligation.region_id == region_id,
            Obligation.department_id == department_id,
            Obligation.state != State.CANCELLED,
            col(Milestone.withdrawn).is_(False),
        )
        .group_by(col(Plan.code), col(Plan.title), col(Plan.period_from), "light")
        .order_by(col(Plan.period_from).desc(), col(Plan.code))
    ):
        counts[code, title][light] = count
    return [PlanCounts(code, title, in_order(lights)) for (code, title), lights in counts.items()]


def aliases_of(session: Session, department_id: int) -> Sequence[str]:
    return session.exec(
        select(DepartmentAlias.name)
        .where(DepartmentAlias.department_id == department_id)
        .order_by(col(DepartmentAlias.id))
    ).all()


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group to which the department belongs."""

    name: str
    certainty: Certainty
    note: str


def groups_of(session: Session, department_id: int) -> list[GroupRow]:
    return [
        GroupRow(*row)
        for row in session.execute(
            select(DepartmentGroup.name, DepartmentGroup.certainty, DepartmentGroup.note)
            .join(GroupMember, col(GroupMember.group_id) == DepartmentGroup.id)
            .where(GroupMember.department_id == department_id)
            .order_by(col(DepartmentGroup.id))
        )
    ]


def members_of(session: Session, group_ids: Collection[int]) -> Mapping[int, Sequence[tuple[int, str]]]:
    """Group -> its departments as (id, name), in order."""
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for group_id, department_id, name in session.execute(
        select(GroupMember.group_id, Department.id, Department.name)
        .join(Department, col(Department.id) == GroupMember.department_id)
        .where(col(GroupMember.group_id).in_(group_ids))
        .order_by(col(GroupMember.group_id), col(GroupMember.position))
    ):
        found[group_id].append((department_id, name))
    return found


@dataclass(frozen=True, slots=True)
class SuccessionRow:
    """`department` is the other one. `applied`: the open obligations have been moved."""

    department_id: int
    department: str
    kind: SuccessionKind
    on: date
    certainty: Certainty
    document: str
    note: str
    applied: bool


@dataclass(slots=True)
class Successions:
    predecessors: list[SuccessionRow] = field(default_factory=list)
    successors: list[SuccessionRow] = field(default_factory=list)


def successions_of(session: Session, department_id: int) -> Successions:
    old, new = aliased(Department), aliased(Department)
    result = Successions()
    for row, before, after in session.execute(
        select(Succession, old.name, new.name)
        .join(old, col(old.id) == Succession.predecessor_id)
        .join(new, col(new.id) == Succession.successor_id)
        .where(or_(col(Succession.predecessor_id) == department_id, col(Succession.successor_id) == department_id))
        .order_by(col(Succession.on), col(Succession.id))
    ):
        is_old = row.predecessor_id == department_id
        (result.successors if is_old else result.predecessors).append(
            SuccessionRow(
                department_id=row.successor_id if is_old else row.predecessor_id,
                department=after if is_old else before,
                kind=row.kind,
                on=row.on,
                certainty=row.certainty,
                document=row.document,
                note=row.note,
                applied=row.applied_at is not None,
            )
        )
    return result


def present_names(session: Session, region_id: int, today: date) -> Mapping[int, str]:
    """A department that has been succeeded -> the name of who holds its duties today."""
    after: dict[int, tuple[int, str]] = {}
    for predecessor_id, successor_id, name in session.execute(
        select(Succession.predecessor_id, Succession.successor_id, Department.name)
        .join(Department, col(Department.id) == Succession.successor_id)
        .where(Succession.region_id == region_id, col(Succession.on) <= today)
        .order_by(col(Succession.on), col(Succession.id))
    ):
        after.setdefault(predecessor_id, (successor_id, name))
    names: dict[int, str] = {}
    for department_id, (holder, name) in after.items():
        seen = {department_id}
        while holder in after and holder not in seen:
            seen.add(holder)
            holder, name = after[holder]  # noqa: PLW2901 (one step further along the chain)
        names[department_id] = name
    return names
