"""The rows behind a plan's figures: its milestones and its obligations, by area, phase, department and light."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Annotated, NoReturn
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import READS_REGION, plan_for_reading
from app.domain.lights import Light
from app.drafts.plan_draft import TaskKind
from app.errors import Invalid, NotFound
from app.i18n import gettext as _
from app.models import Area, Phase, Plan
from app.queries.plan_milestones import counted_milestones, milestones_of_plan
from app.queries.plan_obligations import Wanted, departments_of_plan, plan_obligations, tasks_of_department
from app.queries.plans import areas_of_plan, completion, phases_of_plan
from app.rendering import page
from app.routers.dependencies import DbSession, SignedInViewer, Today

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for, as it stands there; empty: all.

    `area` is an area's number, or a kind of task for those that stand in no area.
    """

    area: str = ""
    phase: str = ""
    department: str = ""
    light: str = ""
    after: str = ""

    @property
    def query(self) -> str:
        """The same filters on the first page."""
        return urlencode({name: text for name, text in asdict(self).items() if text and name != "after"})


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


def _wanted(asked: Asked, choices: Choices) -> Wanted:
    """Raises NotFound for what the plan does not have, Invalid for an unknown light."""
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
    if asked.light and asked.light not in {light.value for light in choices.lights}:
        raise Invalid({"light": _("没有这种状态，请在列表中选择。")})
    return Wanted(
        area_id=areas.get(asked.area),
        outside=outside,
        phase_id=phases.get(asked.phase),
        department_id=departments.get(asked.department),
        light=Light(asked.light) if asked.light else None,
    )


def _after(text: str) -> tuple[date, int] | None:
    """`2024-12-31.17`: due date and id of the last row shown. Raises Invalid."""
    if not text:
        return None
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)\.(\d{1,18})", text, re.ASCII)
    try:
        return (date.fromisoformat(found[1]), int(found[2])) if found else _no_such_page()
    except ValueError:
        return _no_such_page()


def _no_such_page() -> NoReturn:
    raise Invalid({"after": _("翻页地址不正确，请返回第一页。")})


@router.get("/plans/{code}/milestones")
def milestones(
    request: Request, session: DbSession, viewer: SignedInViewer, today: Today, *, code: str, asked: AskedFor
) -> Response:
    plan = plan_for_reading(session, viewer, code)
    choices = _choices(session, plan)
    rows = counted_milestones(
        milestones_of_plan(session, plan.id or 0), completion(session, plan.id or 0, today), _wanted(asked, choices)
    )
    return page(request, "plans/milestones.html", plan=plan, choices=choices, asked=asked, rows=rows)


@router.get("/plans/{code}/obligations")
def obligations(
    request: Request, session: DbSession, viewer: SignedInViewer, today: Today, *, code: str, asked: AskedFor
) -> Response:
    plan = plan_for_reading(session, viewer, code)
    choices = _choices(session, plan)
    found = plan_obligations(session, plan.id or 0, _wanted(asked, choices), today, after=_after(asked.after))
    return page(
        request,
        "plans/obligations.html",
        plan=plan,
        choices=choices,
        asked=asked,
        found=found,
        reads_all=viewer.role in READS_REGION,
        own_tasks=tasks_of_department(session, plan.id or 0, viewer.department_id),
    )
