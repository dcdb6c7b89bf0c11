"""From a DepartmentRegister into the tables: region, departments, spellings, groups, successions."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session, col, select

from app.changes.check_register import register_faults
from app.drafts.department_register import DepartmentRegister, SuccessionDraft, SuccessionKind
from app.drafts.faults import DraftRejected, Path, located, placed
from app.models import Department, DepartmentAlias, DepartmentGroup, GroupMember, Plan, Region, Succession, Task


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
        row.sqlmodel_update({"kind": given.kind, "note": given.note, "position": position, "never_used": False})
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
        _members(session, row.id or 0, [departments[name] for name in given.members])
    session.flush()
    return {name: row.id or 0 for name, row in known.items()}


def _members(session: Session, group_id: int, wanted: Sequence[int]) -> None:
    """Only what differs is written: the audit trail says what was changed, and not all that there is."""
    known = {
        row.department_id: row for row in session.exec(select(GroupMember).where(GroupMember.group_id == group_id))
    }
    for key in known.keys() - set(wanted):
        session.delete(known[key])
    for position, key in enumerate(wanted):
        row = known.get(key) or GroupMember(group_id=group_id, department_id=key, position=position)
        row.position = position
        session.add(row)


def _aliases(
    session: Session,
    region: Region,
    register: DepartmentRegister,
    departments: Mapping[str, int],
    groups: Mapping[str, int],
) -> None:
    """A spelling that stands for something else now keeps its row; a new one need not wait for an old one to go.

    Departments and groups that the register does not list keep theirs: they were added since it was written.
    """
    wanted: dict[str, tuple[int | None, int | None]] = {
        alias: (departments[given.name], None) for given in register.departments for alias in given.aliases
    } | {alias: (None, groups[given.name]) for given in register.groups for alias in given.aliases}
    known = {
        row.name: row for row in session.exec(select(DepartmentAlias).where(DepartmentAlias.region_id == region.id))
    }
    listed = {departments[given.name] for given in register.departments}
    for name in wanted.keys() & departments.keys():
        del wanted[name]  # by now the name of a department of its own
    listed_groups = {groups[given.name] for given in register.groups}
    for name in known.keys() - wanted.keys():
        if known[name].department_id in listed or known[name].group_id in listed_groups:
            session.delete(known[name])
    for name, (department_id, group_id) in wanted.items():
        row = known.get(name) or DepartmentAlias(region_id=region.id or 0, name=name)
        row.sqlmodel_update({"department_id": department_id, "group_id": group_id})
        session.add(row)


def _successions(
    session: Session, region: Region, register: DepartmentRegister, departments: Mapping[str, int]
) -> None:
    """What was recorded or taken back on the screen is not what a file is asked about: it keeps its word."""
    known: dict[tuple[int, int], list[Succession]] = defaultdict(list)
    for row in session.exec(select(Succession).where(Succession.region_id == region.id).order_by(col(Succession.id))):
        known[row.predecessor_id, row.successor_id].append(row)
    tasks = _tasks(session, region, register)
    for given in register.successions:
        pair = (departments[given.predecessor], departments[given.successor])
        values: dict[str, Any] = {
            "kind": given.kind,
            "on": given.on,
            "certainty": given.certainty,
            "document": given.document,
            "note": given.note,
            "task_ids": None if given.tasks is None else [tasks[name] for name in given.tasks if name in tasks],
        }
        same = _the_same(known[pair], given)
        if same is None:
            session.add(Succession(region_id=region.id or 0, predecessor_id=pair[0], successor_id=pair[1], **values))
        elif same.applied_at is None and same.recorded_at is None and same.undone_at is None:
            same.sqlmodel_update(values)
            session.add(same)


def _the_same(rows: Sequence[Succession], given: SuccessionDraft) -> Succession | None:
    """One department follows on another once; duties may be handed over several times, on different days.

    A file that still names what was taken back does not bring it to life again; one that names another day does.
    """
    standing = [row for row in rows if row.undone_at is None]
    if given.kind is SuccessionKind.TRANSFER:
        standing = [row for row in standing if row.on == given.on]
    return next(iter(standing), next((row for row in rows if row.undone_at and row.on == given.on), None))


def _tasks(session: Session, region: Region, register: DepartmentRegister) -> dict[str, int]:
    """ "plan number" -> task, of those that are there: a register may be loaded before the plans are."""
    names = {name for given in register.successions for name in given.tasks or ()}
    if not names:
        return {}
    found = session.exec(
        select(Plan.code, Task.number, Task.id)
        .join(Task, col(Task.plan_id) == Plan.id)
        .where(Plan.region_id == region.id, col(Plan.code).in_({name.partition(" ")[0] for name in names}))
    )
    return {f"{code} {number}": key or 0 for code, number, key in found}
