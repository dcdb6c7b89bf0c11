"""A region's register of departments as DepartmentRegister, built from the tables alone."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlmodel import Session, col, select

from app.drafts.department_register import (
    DepartmentDraft,
    DepartmentRegister,
    GroupDraft,
    RegionDraft,
    SuccessionDraft,
)
from app.models import Department, DepartmentAlias, DepartmentGroup, GroupMember, Plan, Region, Task
from app.queries.successions import standing_successions


def export_register(session: Session, region: Region) -> DepartmentRegister:
    """Registering the result again changes nothing."""
    departments = session.exec(
        select(Department)
        .where(Department.region_id == region.id, col(Department.never_used).is_(False))
        .order_by(col(Department.position), col(Department.id))
    ).all()
    groups = session.exec(
        select(DepartmentGroup).where(DepartmentGroup.region_id == region.id).order_by(col(DepartmentGroup.id))
    ).all()
    spelled: dict[tuple[int | None, int | None], list[str]] = defaultdict(list)
    for alias in session.exec(
        select(DepartmentAlias).where(DepartmentAlias.region_id == region.id).order_by(col(DepartmentAlias.id))
    ):
        spelled[alias.department_id, alias.group_id].append(alias.name)
    names = {row.id: row.name for row in departments}
    members: dict[int, list[str]] = defaultdict(list)
    for member in session.exec(
        select(GroupMember)
        .where(col(GroupMember.group_id).in_([group.id for group in groups]))
        .order_by(col(GroupMember.group_id), col(GroupMember.position), col(GroupMember.id))
    ):
        if member.department_id in names:
            members[member.group_id].append(names[member.department_id])
    successions = standing_successions(session, region.id or 0)
    tasks = _tasks(session, {key for row in successions for key in row.task_ids or ()})
    return DepartmentRegister(
        region=RegionDraft(
            code=region.code, name=region.name, time_zone=region.time_zone, secretariat=region.secretariat
        ),
        departments=[
            DepartmentDraft(name=row.name, kind=row.kind, aliases=spelled[row.id, None], note=row.note)
            for row in departments
        ],
        groups=[
            GroupDraft(
                name=group.name,
                aliases=spelled[None, group.id],
                members=members[group.id or 0],
                certainty=group.certainty,
                note=group.note,
            )
            for group in groups
        ],
        successions=[
            SuccessionDraft(
                predecessor=names[row.predecessor_id],
                successor=names[row.successor_id],
                kind=row.kind,
                on=row.on,
                certainty=row.certainty,
                document=row.document,
                note=row.note,
                tasks=None if row.task_ids is None else [tasks[key] for key in row.task_ids],
            )
            for row in successions
        ],
    )


def _tasks(session: Session, keys: Collection[int]) -> Mapping[int, str]:
    """As a register writes them: "plan number"."""
    if not keys:
        return {}
    statement = select(Task.id, Plan.code, Task.number).join(Plan, col(Plan.id) == Task.plan_id)
    return {key or 0: f"{code} {number}" for key, code, number in session.exec(statement.where(col(Task.id).in_(keys)))}
