"""A plan on a time axis."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access import plan_for_reading
from app.queries import plan_timeline as drawing
from app.queries.plan_contents import plan_contents
from app.rendering import page
from app.routers.dependencies import DbSession, SignedInViewer, Today

router = APIRouter()


@router.get("/plans/{code}/timeline")
def timeline(request: Request, session: DbSession, viewer: SignedInViewer, today: Today, code: str) -> Response:
    plan = plan_for_reading(session, viewer, code)
    drawn = drawing.timeline_of(plan, plan_contents(session, plan, today), today)
    return page(request, "plans/timeline.html", plan=plan, drawn=drawn, ROW=drawing.ROW, HEAD=drawing.HEAD)
