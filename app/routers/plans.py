"""The plans of the region, and one plan with the numbers that leaders look at."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access import plan_for_reading, plan_pages
from app.queries.plan_contents import plan_contents
from app.queries.plan_overview import plans_overview
from app.queries.plan_sources import plan_counts
from app.queries.plans import summed
from app.rendering import page
from app.routers.dependencies import DbSession, SignedInViewer, Today

router = APIRouter()


@router.get("/plans")
def index(request: Request, session: DbSession, viewer: SignedInViewer, today: Today) -> Response:
    plan_pages(viewer)
    plans = plans_overview(session, viewer.region_id, today)
    return page(
        request,
        "plans/index.html",
        plans=plans,
        milestones=summed(one.milestones for one in plans),
        obligations=summed(one.obligations for one in plans),
    )


@router.get("/plans/{code}")
def show(request: Request, session: DbSession, viewer: SignedInViewer, today: Today, code: str) -> Response:
    plan = plan_for_reading(session, viewer, code)
    return page(
        request,
        "plans/plan.html",
        plan=plan,
        contents=plan_contents(session, plan, today),
        counts=plan_counts(session, plan.id or 0),
    )
