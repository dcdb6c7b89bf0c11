"""What departments are and were called, and what they belong to."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.domain.succession import Step, final_heirs, holder_of
from app.drafts.department_register import Certainty, SuccessionKind
from app.i18n import gettext as _
from app.models import Department, DepartmentAlias, DepartmentGroup, GroupMember, Succession
from app.queries.successions import steps_of_region


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
    """`department` is the other one. `applied`: the open obligations have been moved. `tasks`: how many tasks go this
    way, where not all do.
    """

    department_id: int
    department: str
    kind: SuccessionKind
    on: date
    certainty: Certainty
    document: str
    note: str
    applied: bool
    tasks: int | None = None


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
        .where(
            or_(col(Succession.predecessor_id) == department_id, col(Succession.successor_id) == department_id),
            col(Succession.undone_at).is_(None),
        )
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
                tasks=None if row.task_ids is None else len(row.task_ids),
            )
        )
    return result


def present_names(session: Session, region_id: int, today: date, *, task_id: int | None = None) -> Mapping[int, str]:
    """A department whose duty has gone to another -> the name of who holds it today.

    Of one task where it is given: some may have been given away, or divided. Else of all that the department had: one
    that was split has several names.
    """
    found = _present(steps_of_region(session, region_id, until=today), task_id)
    wanted = {one for heirs in found.values() for one in heirs}
    return _said(found, _names(session, col(Department.id).in_(wanted)))


def present_by_name(session: Session, region_id: int, today: date) -> Mapping[str, str]:
    """The same of all that a department had, where only its old name is at hand."""
    found = _present(steps_of_region(session, region_id, until=today), None)
    names = _names(session, col(Department.id).in_({*found, *(one for heirs in found.values() for one in heirs)}))
    return {names[key]: said for key, said in _said(found, names).items()}


def _present(steps: Sequence[Step], task_id: int | None) -> dict[int, tuple[int, ...]]:
    """Department -> who has what it had, where that is another one."""
    found = {
        key: final_heirs(steps, key) if task_id is None else (holder_of(steps, key, task_id),)
        for key in {step.predecessor for step in steps}
    }
    return {key: heirs for key, heirs in found.items() if heirs != (key,)}


def _names(session: Session, condition: ColumnElement[bool]) -> dict[int, str]:
    return dict(session.execute(select(Department.id, Department.name).where(condition)).all())


def _said(found: Mapping[int, tuple[int, ...]], names: Mapping[int, str]) -> dict[int, str]:
    return {key: _("、").join(names[one] for one in heirs) for key, heirs in found.items()}
