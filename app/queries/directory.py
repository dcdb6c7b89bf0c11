"""The departments of a region by every spelling."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import or_
from sqlmodel import Session, col, select

from app.domain.succession import Step, final_heirs, holder_of, way
from app.models import Assignment, Department, DepartmentAlias, DepartmentGroup, GroupMember, Plan, Task
from app.queries.successions import steps_of_region


@dataclass(frozen=True, slots=True)
class Holder:
    """What a name stands for: a department or a group, under its canonical name."""

    name: str
    department_id: int | None = None
    group_id: int | None = None


@dataclass(frozen=True, slots=True)
class Directory:
    """`members` maps a group to its departments in order; `steps`: the successions that have taken effect.

    `shared_out`: (plan, task number) -> task, of the tasks of which it is known who got them when a department was
    split; of every other task the plan must say which of the heirs it means.
    """

    region_id: int
    holders: Mapping[str, Holder]
    members: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    steps: Sequence[Step] = ()
    shared_out: Mapping[int, Mapping[tuple[str, str], int]] = field(default_factory=dict)

    def resolve(self, name: str) -> Holder | None:
        return self.holders.get(name)

    def nearest(self, name: str) -> list[str]:
        return difflib.get_close_matches(name, list(self.holders), n=3, cutoff=0.6)

    def departments_of(self, holder: Holder) -> tuple[int, ...]:
        if holder.group_id is not None:
            return self.members.get(holder.group_id, ())
        return (holder.department_id,) if holder.department_id is not None else ()

    def name_of(self, department_id: int) -> str:
        return next(known.name for known in self.holders.values() if known.department_id == department_id)

    def present_holder(self, department_id: int, task_id: int | None = None) -> int:
        """Follows successions that have taken effect, however many follow one another.

        Without the task a department that was split is its own holder, see `to_choose_from`.
        """
        return holder_of(self.steps, department_id, task_id)

    def to_choose_from(self, department_id: int, plan: str = "", task: str = "") -> tuple[str, ...]:
        """The present heirs of which a duty of this task must name one; nobody where it is clear whose it is."""
        reached = self._at_a_split(department_id)
        if reached is None or (plan, task) in self.shared_out.get(reached, {}):
            return ()
        return tuple(self.name_of(heir) for heir in final_heirs(self.steps, reached))

    def follows(self, successor: str, predecessor: Holder) -> bool:
        """Whether the department of this name has (part of) what the other one had."""
        if predecessor.department_id is None:
            return False
        return successor in {self.name_of(heir) for heir in final_heirs(self.steps, predecessor.department_id)}

    def _at_a_split(self, department_id: int) -> int | None:
        passed = way(self.steps, department_id)
        reached = passed[-1][1] if passed else department_id
        split = any(step.predecessor == reached and step.ends and len(step.heirs) > 1 for step in self.steps)
        return reached if split else None


def load_directory(session: Session, region_id: int, *, today: date) -> Directory:
    """Successions count from their day on."""
    holders: dict[str, Holder] = {}
    by_department: dict[int, Holder] = {}
    by_group: dict[int, Holder] = {}
    for department_id, name in session.exec(
        select(Department.id, Department.name).where(
            Department.region_id == region_id, col(Department.never_used).is_(False)
        )
    ):
        assert department_id is not None
        by_department[department_id] = holders[name] = Holder(name, department_id=department_id)
    for group_id, name in session.exec(
        select(DepartmentGroup.id, DepartmentGroup.name).where(DepartmentGroup.region_id == region_id)
    ):
        assert group_id is not None
        by_group[group_id] = holders[name] = Holder(name, group_id=group_id)
    for alias in session.exec(select(DepartmentAlias).where(DepartmentAlias.region_id == region_id)):
        if alias.department_id in by_department:
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
    steps = steps_of_region(session, region_id, until=today)
    return Directory(
        region_id,
        holders,
        {key: tuple(value) for key, value in members.items()},
        steps,
        _shared_out(session, region_id, steps, members),
    )


def _shared_out(
    session: Session, region_id: int, steps: Sequence[Step], members: Mapping[int, Sequence[int]]
) -> dict[int, dict[tuple[str, str], int]]:
    """Split department -> the tasks that were divided: those named one by one, and those whose clause names it."""
    found: dict[int, dict[tuple[str, str], int]] = {}
    for step in steps:
        if not step.ends or len(step.heirs) == 1:
            continue
        # Those that had become it before it was split.
        older = {
            one.predecessor for one in steps if step.predecessor in {heir for _s, heir in way(steps, one.predecessor)}
        }
        names = {step.predecessor, *older}
        groups = [group for group, within in members.items() if names & set(within)]
        statement = (
            select(Plan.code, Task.number, Task.id)
            .join(Task, col(Task.plan_id) == Plan.id)
            .outerjoin(Assignment, col(Assignment.task_id) == Task.id)
            .where(
                Plan.region_id == region_id,
                or_(
                    col(Task.id).in_(list(step.by_task)),
                    col(Assignment.department_id).in_(names),
                    col(Assignment.group_id).in_(groups),
                ),
            )
            .distinct()
        )
        found[step.predecessor] = {(code, number): key or 0 for code, number, key in session.exec(statement)}
    return found
