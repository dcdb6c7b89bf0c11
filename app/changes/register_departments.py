"""From a DepartmentRegister into the tables: region, departments, spellings, groups, successions."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.changes.check_register import register_faults
from app.drafts.department_register import DepartmentRegister
from app.drafts.faults import DraftRejected, Path, located, placed
from app.models import Department, DepartmentAlias, DepartmentGroup, GroupMember, Region, Succession


def register_departments(
    session: Session,
    register: DepartmentRegister,
    *,
    source: str | None = None,
    line_of: Mapping[Path, int] | None = None,
) -> Region:
    """Adds and updates; a department that is no longer listed stays, since history may refer to it.

    Raises DraftRejected with every fault before the first write.
    """
    faults = register_faults(register)
    if faults:
        raise DraftRejected(
            placed(faults, line_of or {}), located(faults, source or register.region.code, line_of or {})
        )
    region = _region(session, register)
    departments = _departments(session, region, register)
    groups = _groups(session, region, register, departments)
    _aliases(session, region, register, departments, groups)
    _successions(session, region, register, departments)
    session.flush()
    return region


def _region(session: Session, register: DepartmentRegister) -> Region:
    given = register.region
    region = session.exec(select(Region).where(Region.code == given.code)).one_or_none()
    region = region or Region(code=given.code, name=given.name)
    region.sqlmodel_update({"name": given.name, "time_zone": given.time_zone, "secretariat": given.secretariat})
    session.add(region)
    session.flush()
    return region


def _departments(session: Session, region: Region, register: DepartmentRegister) -> dict[str, int]:
    known = {row.name: row for row in session.exec(select(Department).where(Department.region_id == region.id))}
    for position, given in enumerate(register.departments):
        row = known.get(given.name) or Department(region_id=region.id or 0, name=given.name, kind=given.kind)
        row.sqlmodel_update({"kind": given.kind, "note": given.note, "position": position})
        session.add(row)
        known[given.name] = row
    session.flush()
    return {name: row.id or 0 for name, row in known.items()}


def _groups(
    session: Session, region: Region, register: DepartmentRegister, departments: Mapping[str, int]
) -> dict[str, int]:
    known = {
        row.name: row for row in session.exec(select(DepartmentGroup).where(DepartmentGroup.region_id == region.id))
    }
    for given in register.groups:
        row = known.get(given.name) or DepartmentGroup(
            region_id=region.id or 0, name=given.name, certainty=given.certainty
        )
        row.sqlmodel_update({"certainty": given.certainty, "note": given.note})
        session.add(row)
        session.flush()
        known[given.name] = row
        session.exec(delete(GroupMember).where(col(GroupMember.group_id) == row.id))
        session.add_all(
            GroupMember(group_id=row.id or 0, department_id=departments[name], position=position)
            for position, name in enumerate(given.members)
        )
    session.flush()
    return {name: row.id or 0 for name, row in known.items()}


def _aliases(
    session: Session,
    region: Region,
    register: DepartmentRegister,
    departments: Mapping[str, int],
    groups: Mapping[str, int],
) -> None:
    session.exec(delete(DepartmentAlias).where(col(DepartmentAlias.region_id) == region.id))
    for department in register.departments:
        session.add_all(
            DepartmentAlias(region_id=region.id or 0, name=alias, department_id=departments[department.name])
            for alias in department.aliases
        )
    for group in register.groups:
        session.add_all(
            DepartmentAlias(region_id=region.id or 0, name=alias, group_id=groups[group.name])
            for alias in group.aliases
        )


def _successions(
    session: Session, region: Region, register: DepartmentRegister, departments: Mapping[str, int]
) -> None:
    known = {
        (row.predecessor_id, row.successor_id): row
        for row in session.exec(select(Succession).where(Succession.region_id == region.id))
    }
    for given in register.successions:
        pair = (departments[given.predecessor], departments[given.successor])
        values: dict[str, Any] = {
            "kind": given.kind,
            "on": given.on,
            "certainty": given.certainty,
            "document": given.document,
            "note": given.note,
        }
        row = known.get(pair)
        if row is None:
            row = Succession(region_id=region.id or 0, predecessor_id=pair[0], successor_id=pair[1], **values)
        elif row.applied_at is None:
            row.sqlmodel_update(values)
        session.add(row)
