"""A region's register of departments as DepartmentRegister, built from the tables alone."""

from collections import defaultdict

from sqlmodel import Session, col, select

from app.drafts.department_register import (
    DepartmentDraft,
    DepartmentRegister,
    GroupDraft,
    RegionDraft,
    SuccessionDraft,
)
from app.models import Department, DepartmentAlias, DepartmentGroup, GroupMember, Region, Succession


def export_register(session: Session, region: Region) -> DepartmentRegister:
    """Registering the result again changes nothing."""
    departments = session.exec(
        select(Department)
        .where(Department.region_id == region.id)
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
        members[member.group_id].append(names[member.department_id])
    successions = session.exec(
        select(Succession).where(Succession.region_id == region.id).order_by(col(Succession.on), col(Succession.id))
    )
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
            )
            for row in successions
        ],
    )
