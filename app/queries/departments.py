"""The departments of a region, with what they owe."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlmodel import Session, col

from app.domain.lights import Light
from app.drafts.department_register import DepartmentKind
from app.models import Department, DepartmentAlias, DepartmentGroup, GroupMember, Obligation
from app.queries.department_names import present_names
from app.queries.obligation_lights import LightCounts, in_order, light_column
from app.queries.plans import Share
from app.queries.region_rows import RowsWanted, owed


@dataclass(frozen=True, slots=True)
class DepartmentRow:
    """`lights` counts its obligations over all plans, without those that were withdrawn.

    `now`: who has taken over its duties, if somebody has.
    """

    id: int
    name: str
    kind: DepartmentKind
    lights: LightCounts
    now: str | None

    @property
    def share(self) -> Share:
        return Share(self.lights[Light.DONE], sum(self.lights.values()), self.lights[Light.OVERDUE])


@dataclass(frozen=True, slots=True)
class DepartmentsWanted:
    """None or empty: all. `words` stand somewhere in the name or in another spelling of it."""

    kind: DepartmentKind | None = None
    group_id: int | None = None
    words: str = ""


def departments_by_kind(
    session: Session, region_id: int, today: date, wanted: DepartmentsWanted | None = None
) -> list[tuple[DepartmentKind, Sequence[DepartmentRow]]]:
    """Every kind that occurs, its departments in the order of the register."""
    now = present_names(session, region_id, today)
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    counting = select(col(Obligation.department_id), light_column(today).label("light"), func.count())
    for department_id, light, count in session.execute(
        owed(counting.select_from(Obligation), region_id, RowsWanted(), today).group_by(
            col(Obligation.department_id), "light"
        )
    ):
        counts[department_id][light] = count
    kinds: dict[DepartmentKind, list[DepartmentRow]] = {kind: [] for kind in DepartmentKind}
    statement = (
        select(col(Department.id), col(Department.name), col(Department.kind))
        .where(col(Department.region_id) == region_id, col(Department.never_used).is_(False))
        .order_by(col(Department.position), col(Department.id))
    )
    wanted = wanted or DepartmentsWanted()
    if wanted.kind is not None:
        statement = statement.where(col(Department.kind) == wanted.kind)
    if wanted.group_id is not None:
        members = select(col(GroupMember.department_id)).where(col(GroupMember.group_id) == wanted.group_id)
        statement = statement.where(col(Department.id).in_(members))
    if wanted.words:
        spelled = select(col(DepartmentAlias.department_id)).where(
            col(DepartmentAlias.name).icontains(wanted.words, autoescape=True)
        )
        named = col(Department.name).icontains(wanted.words, autoescape=True)
        statement = statement.where(or_(named, col(Department.id).in_(spelled)))
    for key, name, kind in session.execute(statement):
        kinds[kind].append(DepartmentRow(key, name, kind, in_order(counts[key]), now.get(key)))
    return [(kind, rows) for kind, rows in kinds.items() if rows]


def groups_of_region(session: Session, region_id: int) -> Sequence[tuple[int, str]]:
    """(id, name), in the order of the register."""
    found = session.execute(
        select(col(DepartmentGroup.id), col(DepartmentGroup.name))
        .where(col(DepartmentGroup.region_id) == region_id)
        .order_by(col(DepartmentGroup.id))
    )
    return [(key, name) for key, name in found]
