"""The rows behind a plan's figures: its milestones and its obligations, by area, phase, department and light."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import READS_REGION, plan_for_reading
from app.domain.lights import Light
from app.drafts.plan_draft import TaskKind
from app.errors import NotFound
from app.i18n import gettext as _
from app.models import Area, Phase, Plan, Task
from app.queries.plan_milestones import counted_milestones, milestones_of_plan
from app.queries.plan_obligations import Wanted, departments_of_plan, plan_obligations, tasks_of_department
from app.queries.plans import areas_of_plan, completion, phases_of_plan, task_by_number
from app.rendering import page
from app.routers.dependencies import DbSession, SignedInViewer, Today
from app.routers.due_key import read_due_key

router = APIRouter()

UNFINISHED = "unfinished"  # beside the lights: whatever is not done


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for, as it stands there; empty: all.

    `area` is an area's number, or a kind of task for those that stand in no area; `task` a task's number.
    `light` is one of the lights, or UNFINISHED.
    """

    area: str = ""
    phase: str = ""
    department: str = ""
    light: str = ""
    task: str = ""
    after: str = ""

    @property
    def query(self) -> str:
        """The same filters on the first page."""
        return self._query("after")

    @property
    def all_tasks(self) -> str:
        return self._query("after", "task")

    def _query(self, *without: str) -> str:
        return urlencode({name: text for name, text in asdict(self).items() if text and name not in without})


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filters offer."""

    areas: Sequence[Area]
    phases: Sequence[Phase]
    departments: Sequence[tuple[int, str]]
    kinds: Sequence[TaskKind] = tuple(TaskKind)
    lights: Sequence[Light] = tuple(Light)


AskedFor = Annotated[Asked, Depends()]


def _choices(session: Session, plan: Plan) -> Choices:
    key = plan.id or 0
    return Choices(areas_of_plan(session, key), phases_of_plan(session, key), departments_of_plan(session, key))


def _wanted(asked: Asked, choices: Choices, task: Task | None) -> tuple[Wanted, dict[str, str]]:
    """Raises NotFound for what the plan does not have; a sentence for a light that there is not."""
    areas = {area.number: area.id for area in choices.areas}
    outside = None
    if asked.area and asked.area not in areas:
        if asked.area not in {kind.value for kind in choices.kinds}:
            raise NotFound
        outside = TaskKind(asked.area)
    phases = {str(phase.id): phase.id for phase in choices.phases}
    departments = {str(key): key for key, _name in choices.departments}
    if (asked.phase and asked.phase not in phases) or (asked.department and asked.department not in departments):
        raise NotFound
    if asked.task and task is None:
        raise NotFound
    faults = {}
    if asked.light and asked.light != UNFINISHED and asked.light not in {light.value for light in choices.lights}:
        faults["light"] = _("没有这种状态，请在列表中选择。")
    wanted = Wanted(
        area_id=areas.get(asked.area),
        outside=outside,
        phase_id=phases.get(asked.phase),
        department_id=departments.get(asked.department),
        light=Light(asked.light) if asked.light and asked.light != UNFINISHED and not faults else None,
        unfinished=asked.light == UNFINISHED,
        task_id=task.id if task else None,
    )
    return wanted, faults


def _task(session: Session, plan: Plan, asked: Asked) -> Task | None:
    return task_by_number(session, plan.id or 0, asked.task) if asked.task else None


@router.get("/plans/{code}/milestones")
def milestones(
    request: Request, session: DbSession, viewer: SignedInViewer, today: Today, *, code: str, asked: AskedFor
) -> Response:
    plan = plan_for_reading(session, viewer, code)
    choices, task = _choices(session, plan), _task(session, plan, asked)
    wanted, faults = _wanted(asked, choices, task)
    rows = counted_milestones(
        milestones_of_plan(session, plan.id or 0), completion(session, plan.id or 0, today), wanted
    )
    return page(
        request,
        "plans/milestones.html",
        status=422 if faults else 200,
        plan=plan,
        choices=choices,
        asked=asked,
        faults=faults,
        task=task,
        rows=rows,
    )


@router.get("/plans/{code}/obligations")
def obligations(
    request: Request, session: DbSession, viewer: SignedInViewer, today: Today, *, code: str, asked: AskedFor
) -> Response:
    plan = plan_for_reading(session, viewer, code)
    choices, task = _choices(session, plan), _task(session, plan, asked)
    wanted, faults = _wanted(asked, choices, task)
    found = plan_obligations(session, plan.id or 0, wanted, today, after=read_due_key(asked.after))
    return page(
        request,
        "plans/obligations.html",
        status=422 if faults else 200,
        plan=plan,
        choices=choices,
        asked=asked,
        faults=faults,
        task=task,
        found=found,
        reads_all=viewer.role in READS_REGION,
        own_tasks=tasks_of_department(session, plan.id or 0, viewer.department_id),
    )
