"""The departments of the region, and one department with what it owes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access import department_for_reading, plan_pages, reads_inside
from app.charts import Segment, stacked
from app.domain.lights import Light
from app.domain.months import Month
from app.domain.punctuality import Outcome
from app.drafts.department_register import DepartmentKind
from app.errors import Invalid
from app.i18n import gettext as _
from app.queries.department_duties import next_deadlines, plans_of_department, roles_of_department
from app.queries.department_names import aliases_of, groups_of, successions_of
from app.queries.departments import DepartmentsWanted, departments_by_kind, groups_of_region
from app.queries.inheritance import late_when_taken_over, taken_over
from app.queries.obligation_lights import OWED
from app.queries.punctuality import PunctualityRow, punctuality
from app.queries.silent import SilentWanted, repeated, unreported, unreported_count
from app.rendering import page
from app.routers.dependencies import DbSession, RowId, SignedInViewer, Today

router = APIRouter()

# What the list names beside the share: what waits for somebody.
_PRESSING = (Light.IN_REVIEW, Light.DUE_SOON, Light.OVERDUE)
# Those who read the region have a list of its own for more; the department itself has this one.
_SILENT_SHOWN = 5
_SILENT_OF_OWN = 50
# How `by` cuts the year.
_PARTS = {"": 2, "half": 2, "quarter": 4}


@dataclass(frozen=True, slots=True)
class _Asked:
    """The filters as they were typed, and what is wrong with them."""

    typed: Mapping[str, str]
    wanted: DepartmentsWanted
    faults: Mapping[str, str]


def _read(kind: str, group: str, q: str, groups: Sequence[tuple[int, str]]) -> _Asked:
    faults: dict[str, str] = {}
    kinds = {member.value for member in DepartmentKind}
    if kind and kind not in kinds:
        faults["kind"] = _("没有这个类别，请在列表中选择。")
    group_id = next((key for key, _name in groups if str(key) == group), None)
    if group and group_id is None:
        faults["group"] = _("没有这个单位组，请在列表中选择。")
    words = q.strip()[:100]
    wanted = DepartmentsWanted(DepartmentKind(kind) if kind in kinds else None, group_id, words)
    return _Asked({"kind": kind, "group": group, "q": words}, wanted, faults)


@router.get("/departments")
def index(
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    today: Today,
    kind: str = "",
    group: str = "",
    q: str = "",
) -> Response:
    plan_pages(viewer)
    groups = groups_of_region(session, viewer.region_id)
    asked = _read(kind, group, q, groups)
    kinds = [] if asked.faults else departments_by_kind(session, viewer.region_id, today, asked.wanted)
    return page(
        request,
        "departments/index.html",
        status=422 if asked.faults else 200,
        kinds=kinds,
        count=sum(len(rows) for _kind, rows in kinds),
        lights=_PRESSING,
        asked=asked,
        groups=groups,
        all_kinds=tuple(DepartmentKind),
    )


@dataclass(frozen=True, slots=True)
class _Bar:
    """One period: its counts, and the bar that they make."""

    row: PunctualityRow
    segments: Sequence[Segment]


def _bars(rows: Sequence[PunctualityRow]) -> Sequence[_Bar]:
    return [_Bar(row, stacked([(what.value, row.tally.of(what)) for what in Outcome])) for row in rows]


@router.get("/departments/{department_id}")
def show(
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    today: Today,
    department_id: RowId,
    by: str = "",
) -> Response:
    department = department_for_reading(session, viewer, department_id)
    if by not in _PARTS:
        raise Invalid({"by": _("按期情况只能按半年或按季度查看。")})
    region_id = viewer.region_id
    inside = reads_inside(viewer, department_id)
    wanted = SilentWanted(department_id)
    came = taken_over(session, region_id, department_id)
    most = _SILENT_SHOWN if viewer.reads_region else _SILENT_OF_OWN
    return page(
        request,
        "departments/department.html",
        department=department,
        aliases=aliases_of(session, department_id),
        groups=groups_of(session, department_id),
        successions=successions_of(session, department_id),
        taken_over=came,
        late_before=late_when_taken_over(session, region_id, department_id, today) if came else 0,
        plans=plans_of_department(session, region_id, department_id, today),
        roles=roles_of_department(session, region_id, department_id, today),
        deadlines=next_deadlines(session, region_id, department_id, today),
        bars=_bars(punctuality(session, region_id, department_id, today, parts=_PARTS[by])),
        by=by or "half",
        outcomes=tuple(Outcome),
        lights=OWED,
        month=Month.of(today),
        inside=inside,
        unreported=unreported(session, region_id, wanted, today, limit=most)[0] if inside else [],
        unreported_count=unreported_count(session, region_id, wanted, today) if inside else 0,
        repeated=repeated(session, region_id, wanted)[0][:most] if inside else [],
    )
