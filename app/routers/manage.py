"""The index of administration: what there is, and what waits for somebody."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access import manage_index
from app.models import Region
from app.queries.health import region_health
from app.queries.manage_attention import attention
from app.queries.work_calendar import work_calendar
from app.rendering import page
from app.routers.dependencies import DbSession, Knobs, Now, SignedInViewer, Today, get_clock

router = APIRouter()


@router.get("/manage")
def index(
    request: Request, session: DbSession, viewer: SignedInViewer, today: Today, now: Now, knobs: Knobs
) -> Response:
    manage_index(viewer)
    calendar = work_calendar(session, viewer.region_id)
    clock = get_clock(request)
    health = None
    if viewer.manages_region:
        health = region_health(
            session,
            session.get_one(Region, viewer.region_id),
            now=now,
            wall=clock.wall(),
            at=knobs.digest_time,
            tick_seconds=knobs.tick_seconds,
            held=clock.held_at is not None,
            calendar=calendar,
        )
    return page(
        request, "manage/index.html", found=attention(session, viewer.region_id, today, calendar), health=health
    )
