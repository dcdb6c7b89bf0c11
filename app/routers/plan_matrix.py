"""A plan as tables: its tasks against its phases, and against its departments, also as a spreadsheet."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from app.access import plan_for_reading
from app.documents.writing.matrix_xlsx import matrix_workbook
from app.documents.writing.sheet_cells import MEDIA_TYPE
from app.domain.workflow import Role
from app.drafts.plan_draft import TaskKind
from app.errors import Invalid, NotFound
from app.i18n import gettext as _
from app.queries.plan_contents import plan_contents
from app.queries.plan_obligations import tasks_of_department
from app.queries.responsibilities import Register, register_of, responsibilities
from app.queries.responsibility_matrix import Asked as Wanted
from app.queries.responsibility_matrix import matrix_of
from app.rendering import page
from app.routers.dependencies import DbSession, SignedInViewer, Today
from app.routers.downloads import download

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for, as it stands there; empty: all. `lights`: 1 shows how things stand.

    `area` is an area's number, or a kind of task for those that stand in no area.
    """

    area: str = ""
    role: str = ""
    group: str = ""
    department: str = ""
    lights: str = ""

    def query(self, **changed: str) -> str:
        return urlencode({name: text for name, text in (asdict(self) | changed).items() if text})

    @property
    def shows_lights(self) -> bool:
        return bool(self.lights)


AskedFor = Annotated[Asked, Depends()]


def _wanted(asked: Asked, register: Register) -> tuple[Wanted, dict[str, str]]:
    """Raises NotFound for what the plan does not have; a sentence for a role that there is not."""
    areas = {area.number: area.id for area in register.areas}
    groups = {str(key): key for key, _name in register.groups}
    departments = {str(column.department_id): column.department_id for column in register.columns}
    outside = None
    if asked.area and asked.area not in areas:
        if asked.area not in {kind.value for kind in TaskKind}:
            raise NotFound
        outside = TaskKind(asked.area)
    if (asked.group and asked.group not in groups) or (asked.department and asked.department not in departments):
        raise NotFound
    faults = {}
    role = None
    if asked.role:
        try:
            role = Role(asked.role)
        except ValueError:
            faults["role"] = _("没有这种分工，请在列表中选择。")
    wanted = Wanted(
        area_id=areas.get(asked.area),
        outside=outside,
        role=role,
        group_id=groups.get(asked.group),
        department_id=departments.get(asked.department),
    )
    return wanted, faults


@router.get("/plans/{code}/phases")
def phases(request: Request, session: DbSession, viewer: SignedInViewer, today: Today, code: str) -> Response:
    plan = plan_for_reading(session, viewer, code)
    return page(request, "plans/phases.html", plan=plan, contents=plan_contents(session, plan, today))


@router.get("/plans/{code}/responsibilities")
def matrix(
    request: Request, session: DbSession, viewer: SignedInViewer, today: Today, *, code: str, asked: AskedFor
) -> Response:
    plan = plan_for_reading(session, viewer, code)
    pairs = responsibilities(session, plan, today)
    register = register_of(session, plan, pairs)
    wanted, faults = _wanted(asked, register)
    return page(
        request,
        "plans/matrix.html",
        status=422 if faults else 200,
        plan=plan,
        asked=asked,
        faults=faults,
        register=register,
        kinds=_outside(register),
        roles=[role for role in Role if any(mark.role is role for mark in pairs.values())],
        matrix=matrix_of(session, register, pairs, wanted),
        reads_all=viewer.reads_region,
        own_tasks=tasks_of_department(session, plan.id or 0, viewer.department_id),
    )


def _outside(register: Register) -> Sequence[TaskKind]:
    """The kinds of task that stand in no area."""
    return [kind for kind in TaskKind if any(task.area_id is None and task.kind is kind for task in register.tasks)]


@router.get("/plans/{code}/responsibilities.xlsx")
def matrix_file(session: DbSession, viewer: SignedInViewer, today: Today, *, code: str, asked: AskedFor) -> Response:
    plan = plan_for_reading(session, viewer, code)
    pairs = responsibilities(session, plan, today)
    register = register_of(session, plan, pairs)
    wanted, faults = _wanted(asked, register)
    if faults:
        raise Invalid(faults)
    content = matrix_workbook(
        matrix_of(session, register, pairs, wanted), title=plan.title, as_of=today, lights=asked.shows_lights
    )
    return download(
        content,
        MEDIA_TYPE,
        name=_("%(plan)s责任矩阵（%(day)s）.xlsx") % {"plan": plan.title, "day": today.isoformat()},
        plain=f"responsibilities-{plan.code}-{today.isoformat()}.xlsx",
    )
