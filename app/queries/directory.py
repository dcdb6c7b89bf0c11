"""The departments of a region by every spelling."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlmodel import Session, col, select

from app.models import Department, DepartmentAlias, DepartmentGroup, GroupMember, Succession


@dataclass(frozen=True, slots=True)
class Holder:
    """What a name stands for: a department or a group, under its canonical name."""

    name: str
    department_id: int | None = None
    group_id: int | None = None


@dataclass(frozen=True, slots=True)
class Directory:
    """`members` maps a group to its departments in order; `successors` a department to who holds its duties now."""

    region_id: int
    holders: Mapping[str, Holder]
    members: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    successors: Mapping[int, int] = field(default_factory=dict)

    def resolve(self, name: str) -> Holder | None:
        return self.holders.get(name)

    def nearest(self, name: str) -> list[str]:
        return difflib.get_close_matches(name, list(self.holders), n=3, cutoff=0.6)

    def departments_of(self, holder: Holder) -> tuple[int, ...]:
        if holder.group_id is not None:
            return self.members.get(holder.group_id, ())
        return (holder.department_id,) if holder.department_id is not None else ()

    def present_holder(self, department_id: int) -> int:
        """Follows successions that have taken effect, however many follow one another."""
        seen: set[int] = set()
        while department_id in self.successors and department_id not in seen:
            seen.add(department_id)
            department_id = self.successors[department_id]
        return department_id


def load_directory(session: Session, region_id: int, *, today: date) -> Directory:
    """Successions count from their day on."""
    holders: dict[str, Holder] = {}
    by_department: dict[int, Holder] = {}
    by_group: dict[int, Holder] = {}
    for department_id, name in session.exec(
        select(Department.id, Department.name).where(Department.region_id == region_id)
    ):
        assert department_id is not None
        by_department[department_id] = holders[name] = Holder(name, department_id=department_id)
    for group_id, name in session.exec(
        select(DepartmentGroup.id, DepartmentGroup.name).where(DepartmentGroup.region_id == region_id)
    ):
        assert group_id is not None
        by_group[group_id] = holders[name] = Holder(name, group_id=group_id)
    for alias in session.exec(select(DepartmentAlias).where(DepartmentAlias.region_id == region_id)):
        if alias.department_id is not None:
            holders[alias.name] = by_department[alias.department_id]
        elif alias.group_id is not None:
            holders[alias.name] = by_group[alias.group_id]
    members: dict[int, list[int]] = {}
    for group_id, department_id in session.exec(
        select(GroupMember.group_id, GroupMember.department_id)
        .where(col(GroupMember.group_id).in_(by_group))
        .order_by(col(GroupMember.group_id), col(GroupMember.position))
    ):
        members.setdefault(group_id, []).append(department_id)
    successors: dict[int, int] = {}
    for predecessor_id, successor_id in session.exec(
        select(Succession.predecessor_id, Succession.successor_id)
        .where(Succession.region_id == region_id, col(Succession.on) <= today)
        .order_by(col(Succession.on), col(Succession.id))
    ):
        successors.setdefault(predecessor_id, successor_id)
    return Directory(region_id, holders, {key: tuple(value) for key, value in members.items()}, successors)
