"""The register of departments as administration shows it: spellings, groups, successions, and what holds a name."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, exists, select

from app.drafts.department_register import Certainty, DepartmentKind, SuccessionKind
from app.models import (
    Assignment,
    Department,
    DepartmentAlias,
    DepartmentGroup,
    GroupMember,
    IndicatorLead,
    Obligation,
    ObligationEvent,
    Plan,
    Succession,
    Task,
)


@dataclass(frozen=True, slots=True)
class Handover:
    """One succession, under its id. `certainty` other than PRINTED waits for the secretariat's word (待核定)."""

    predecessor: str
    successor: str
    kind: SuccessionKind
    on: date
    certainty: Certainty
    document: str
    note: str
    applied: bool
    id: int = 0


@dataclass(slots=True)
class RegisterRow:
    """`place` counts from 1, in the order of the register."""

    id: int
    name: str
    kind: DepartmentKind
    note: str
    place: int
    aliases: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    handovers: list[Handover] = field(default_factory=list)


def register_rows(session: Session, region_id: int) -> list[RegisterRow]:
    """The whole register in five statements: it has some hundred departments in the largest regions."""
    statement = (
        select(Department)
        .where(Department.region_id == region_id, col(Department.never_used).is_(False))
        .order_by(col(Department.position), col(Department.id))
    )
    rows = {
        row.id or 0: RegisterRow(row.id or 0, row.name, row.kind, row.note, place)
        for place, row in enumerate(session.exec(statement), start=1)
    }
    aliases = (
        select(DepartmentAlias.department_id, DepartmentAlias.name)
        .where(DepartmentAlias.region_id == region_id, col(DepartmentAlias.department_id).is_not(None))
        .order_by(col(DepartmentAlias.id))
    )
    for department_id, name in session.exec(aliases):
        if department_id in rows:
            rows[department_id].aliases.append(name)
    belongs = (
        select(GroupMember.department_id, DepartmentGroup.name)
        .join(DepartmentGroup, col(DepartmentGroup.id) == GroupMember.group_id)
        .where(DepartmentGroup.region_id == region_id)
        .order_by(col(DepartmentGroup.id))
    )
    for department_id, name in session.exec(belongs):
        if department_id in rows:
            rows[department_id].groups.append(name)
    for predecessor_id, successor_id, handover in handovers(session, region_id):
        rows[predecessor_id].handovers.append(handover)
        rows[successor_id].handovers.append(handover)
    return list(rows.values())


def handovers(session: Session, region_id: int) -> list[tuple[int, int, Handover]]:
    """(predecessor, successor, what is known of it), oldest first."""
    old, new = aliased(Department), aliased(Department)
    statement = (
        select(Succession, old.name, new.name)
        .join(old, col(old.id) == Succession.predecessor_id)
        .join(new, col(new.id) == Succession.successor_id)
        .where(Succession.region_id == region_id, col(Succession.undone_at).is_(None))
        .order_by(col(Succession.on), col(Succession.id))
    )
    return [
        (
            row.predecessor_id,
            row.successor_id,
            Handover(
                predecessor=before,
                successor=after,
                kind=row.kind,
                on=row.on,
                certainty=row.certainty,
                document=row.document,
                note=row.note,
                applied=row.applied_at is not None,
                id=row.id or 0,
            ),
        )
        for row, before, after in session.execute(statement)
    ]


def has_history(session: Session, department_id: int) -> bool:
    """Whether a plan, an obligation, now or ever, or a succession knows the department by its name."""
    places = [
        exists().where(col(Assignment.department_id) == department_id),
        exists().where(col(Obligation.department_id) == department_id),
        exists().where(col(IndicatorLead.department_id) == department_id),
        # Lists of the past name whoever an obligation belonged to; the index begins with the region.
        exists().where(
            col(ObligationEvent.region_id) == col(Department.region_id),
            col(ObligationEvent.department_id) == col(Department.id),
            col(Department.id) == department_id,
        ),
        exists().where(
            or_(col(Succession.predecessor_id) == department_id, col(Succession.successor_id) == department_id),
            col(Succession.undone_at).is_(None),
        ),
    ]
    return bool(session.exec(select(or_(*places))).one())


@dataclass(slots=True)
class GroupRow:
    """`plans`: how many plans in the register's region name the group."""

    id: int
    name: str
    certainty: Certainty
    note: str
    aliases: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    plans: list[str] = field(default_factory=list)


def group_rows(session: Session, region_id: int) -> Sequence[GroupRow]:
    groups = select(DepartmentGroup).where(DepartmentGroup.region_id == region_id).order_by(col(DepartmentGroup.id))
    rows = {row.id or 0: GroupRow(row.id or 0, row.name, row.certainty, row.note) for row in session.exec(groups)}
    aliases = (
        select(DepartmentAlias.group_id, DepartmentAlias.name)
        .where(DepartmentAlias.region_id == region_id, col(DepartmentAlias.group_id).is_not(None))
        .order_by(col(DepartmentAlias.id))
    )
    for group_id, name in session.exec(aliases):
        rows[group_id or 0].aliases.append(name)
    members = (
        select(GroupMember.group_id, Department.name)
        .join(Department, col(Department.id) == GroupMember.department_id)
        .where(Department.region_id == region_id)
        .order_by(col(GroupMember.group_id), col(GroupMember.position))
    )
    for group_id, name in session.exec(members):
        rows[group_id].members.append(name)
    named: dict[int, list[str]] = defaultdict(list)
    plans = (
        select(Assignment.group_id, Plan.title)
        .join(Task, col(Task.id) == Assignment.task_id)
        .join(Plan, col(Plan.id) == Task.plan_id)
        .where(Plan.region_id == region_id, col(Assignment.group_id).is_not(None), col(Task.withdrawn).is_(False))
        .group_by(col(Assignment.group_id), col(Plan.title), col(Plan.period_from))
        .order_by(col(Plan.period_from).desc(), func.min(col(Plan.id)))
    )
    for group_id, title in session.exec(plans):
        named[group_id or 0].append(title)
    for key, row in rows.items():
        row.plans = named[key]
    return list(rows.values())
