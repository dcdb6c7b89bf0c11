"""What departments are and were called, and what they belong to."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.drafts.department_register import Certainty, SuccessionKind
from app.models import Department, DepartmentAlias, DepartmentGroup, GroupMember, Succession


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
