"""Whether reminders go out: what is wrong now, the alarms of the last time, and the same for monitoring."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from app.access import manages_region
from app.db import Database
from app.models import Region
from app.queries.alarms import alarms_seen_by, open_alarms
from app.queries.health import What, region_health, workers
from app.rendering import page
from app.routers.dependencies import DbSession, Knobs, Now, SignedInViewer, Wall, get_clock, get_settings
from app.settings import Settings

router = APIRouter()


@router.get("/manage/alarms")
def index(request: Request, session: DbSession, viewer: SignedInViewer, now: Now, wall: Wall, knobs: Knobs) -> Response:
    manages_region(viewer)
    region = session.get_one(Region, viewer.region_id)
    health = region_health(
        session,
        region,
        now=now,
        wall=wall,
        at=knobs.digest_time,
        tick_seconds=knobs.tick_seconds,
        held=get_clock(request).held_at is not None,
    )
    return page(
        request,
        "manage/alarms.html",
        health=health,
        alarms=alarms_seen_by(session, viewer.region_id),
        told_elsewhere=knobs.alarm_url is not None,
    )


@router.get("/health/sending")
def sending(request: Request) -> JSONResponse:
    """For monitoring without an account: what kinds of trouble there are, and nothing of whose or how many.

    By the alarms that the watchers have raised, so that asking often costs next to nothing.
    """
    database: Database = request.app.state.database
    settings: Settings = get_settings(request)
    with database.reading() as session:
        alive = workers(session, wall=get_clock(request).wall(), tick_seconds=settings.tick_seconds)
        keys = [alarm.key for alarm in open_alarms(session)]
    found = {what.value for what in What if any(key.startswith(f"{what.value}.") for key in keys)}
    found |= {trouble.what.value for trouble in alive.troubles}
    body = {"state": "wrong" if found else "ok", "troubles": sorted(found)}
    return JSONResponse(body, status_code=503 if found else 200, headers={"Cache-Control": "no-store"})
