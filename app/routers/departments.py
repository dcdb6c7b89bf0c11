"""The departments of the region, and one department with what it owes."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access import department_for_reading
from app.domain.lights import Light
from app.queries.departments import (
    aliases_of,
    departments_by_kind,
    groups_of,
    plans_of_department,
    successions_of,
)
from app.queries.obligation_lights import OWED
from app.rendering import page
from app.routers.dependencies import DbSession, RowId, SignedInViewer, Today

router = APIRouter()

# What the list names beside the share: what waits for somebody.
_PRESSING = (Light.IN_REVIEW, Light.DUE_SOON, Light.OVERDUE)


@router.get("/departments")
def index(request: Request, session: DbSession, viewer: SignedInViewer, today: Today) -> Response:
    kinds = departments_by_kind(session, viewer.region_id, today)
    return page(request, "departments/index.html", kinds=kinds, lights=_PRESSING)


@router.get("/departments/{department_id}")
def show(request: Request, session: DbSession, viewer: SignedInViewer, today: Today, department_id: RowId) -> Response:
    department = department_for_reading(session, viewer, department_id)
    return page(
        request,
        "departments/department.html",
        department=department,
        aliases=aliases_of(session, department_id),
        groups=groups_of(session, department_id),
        successions=successions_of(session, department_id),
        plans=plans_of_department(session, viewer.region_id, department_id, today),
        lights=OWED,
    )
