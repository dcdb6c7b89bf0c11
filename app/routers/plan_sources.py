"""What a plan's document says beside its tasks: the indicators."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access import plan_for_reading
from app.queries.department_names import present_by_name
from app.queries.plan_sources import indicator_groups
from app.rendering import page
from app.routers.dependencies import DbSession, SignedInViewer, Today

router = APIRouter()


@router.get("/plans/{code}/indicators")
def indicators(request: Request, session: DbSession, viewer: SignedInViewer, today: Today, code: str) -> Response:
    plan = plan_for_reading(session, viewer, code)
    return page(
        request,
        "plans/indicators.html",
        plan=plan,
        groups=indicator_groups(session, plan.id or 0),
        now=present_by_name(session, viewer.region_id, today),
    )
