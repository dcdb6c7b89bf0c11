"""The departments of a region key by key, with what they were called and who came before and after them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.drafts.department_register import DepartmentKind
from app.models import Department, DepartmentAlias, DepartmentGroup, GroupMember, Succession


@dataclass(slots=True)
class WholeDepartment:
    """`groups` as (id, name); `predecessors` and `successors` as (succession, id, name of the other department).

    Successions that were taken back are not among them.
    """

    department: Department
    aliases: list[str] = field(default_factory=list)
    groups: list[tuple[int, str]] = field(default_factory=list)
    predecessors: list[tuple[Succession, int, str]] = field(default_factory=list)
    successors: list[tuple[Succession, int, str]] = field(default_factory=list)


def whole_departments(
    session: Session,
    region_id: int,
    *,
    kind: DepartmentKind | None = None,
    department_id: int | None = None,
    after: tuple[int, int] | None = None,
    limit: int,
) -> list[WholeDepartment]:
    """In the order of the register; the key is (position, id)."""
    statement = select(Department).where(Department.region_id == region_id)
    if kind is not None:
        statement = statement.where(col(Department.kind) == kind)
    if department_id is not None:
        statement = statement.where(col(Department.id) == department_id)
    keys: list[Any] = [col(Department.position), col(Department.id)]
    if after is not None:
        statement = statement.where(tuple_(*keys) > after)
    found = {row.id or 0: WholeDepartment(row) for row in session.exec(statement.order_by(*keys).limit(limit))}
    _add_names(session, found, list(found))
    _add_successions(session, found, list(found))
    return list(found.values())


def _add_names(session: Session, found: dict[int, WholeDepartment], ids: Sequence[int]) -> None:
    for key, name in session.exec(
        select(DepartmentAlias.department_id, DepartmentAlias.name)
        .where(col(DepartmentAlias.department_id).in_(ids))
        .order_by(col(DepartmentAlias.id))
    ):
        found[key or 0].aliases.append(name)
    for key, group_id, name in session.exec(
        select(GroupMember.department_id, DepartmentGroup.id, DepartmentGroup.name)
        .join(DepartmentGroup, col(DepartmentGroup.id) == GroupMember.group_id)
        .where(col(GroupMember.department_id).in_(ids))
        .order_by(col(DepartmentGroup.id))
    ):
        found[key].groups.append((group_id or 0, name))


def _add_successions(session: Session, found: dict[int, WholeDepartment], ids: Sequence[int]) -> None:
    old, new = aliased(Department), aliased(Department)
    touching = or_(col(Succession.predecessor_id).in_(ids), col(Succession.successor_id).in_(ids))
    before: dict[int, list[tuple[Succession, int, str]]] = defaultdict(list)
    after: dict[int, list[tuple[Succession, int, str]]] = defaultdict(list)
    for row, old_name, new_name in session.execute(
        select(Succession, old.name, new.name)
        .join(old, col(old.id) == Succession.predecessor_id)
        .join(new, col(new.id) == Succession.successor_id)
        .where(touching, col(Succession.undone_at).is_(None))
        .order_by(col(Succession.on), col(Succession.id))
    ):
        after[row.predecessor_id].append((row, row.successor_id, new_name))
        before[row.successor_id].append((row, row.predecessor_id, old_name))
    for key, department in found.items():
        department.predecessors += before[key]
        department.successors += after[key]
