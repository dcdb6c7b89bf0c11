"""The secretariat's desk: what to do next, in order."""

from datetime import date, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer, secretariat_only
from app.db import Database
from app.errors import Invalid, Overtaken
from app.models import Region
from app.models.digest_run import RunKind
from app.queries.desk import desk
from app.queries.digest_runs import list_of_run
from app.queries.health import region_health
from app.queries.office_state import office_state
from app.queries.run_holds import standing_hold
from app.queries.work_calendar import work_calendar
from app.rendering import page
from app.routers.dependencies import DbSession, Form, Knobs, Now, SignedInViewer, Today, get_clock, see_other
from app.routers.digest_sending import same_day, send_run
from app.settings import Settings

router = APIRouter()


def _list_day(session: Session, viewer: Viewer, today: date) -> date:
    return work_calendar(session, viewer.region_id).list_day(today)


def _page(
    request: Request, session: Session, viewer: Viewer, today: date, now: datetime, knobs: Settings, conflict: str = ""
) -> Response:
    region = session.get_one(Region, viewer.region_id)
    calendar = work_calendar(session, viewer.region_id)
    clock = get_clock(request)
    return page(
        request,
        "desk/desk.html",
        status=409 if conflict else 200,
        desk=desk(session, viewer.region_id, today, list_day=calendar.list_day(today)),
        state=office_state(session, region),
        health=region_health(
            session,
            region,
            now=now,
            wall=clock.wall(),
            at=knobs.digest_time,
            tick_seconds=knobs.tick_seconds,
            held=clock.held_at is not None,
            calendar=calendar,
        ),
        held=standing_hold(session, viewer.region_id, RunKind.WEEKLY, calendar.list_day(today)),
        conflict=conflict,
    )


@router.get("/desk")
def show(
    request: Request, session: DbSession, viewer: SignedInViewer, today: Today, now: Now, knobs: Knobs
) -> Response:
    secretariat_only(viewer)
    return _page(request, session, viewer, today, now, knobs)


@router.post("/desk/weekly")
def send_week(request: Request, viewer: SignedInViewer, typed: Form, today: Today, now: Now, knobs: Knobs) -> Response:
    """Monday's one click: the list is frozen, mailed, and its circular lies ready."""
    secretariat_only(viewer)
    database: Database = request.app.state.database
    with database.reading() as session:
        day = _list_day(session, viewer, today)
    try:
        if typed.text("run_date"):
            same_day(typed.day("run_date"), day)
        run = send_run(request, viewer, RunKind.WEEKLY, day, now=now, knobs=knobs)
    except (Invalid, Overtaken) as error:
        with database.reading() as session:
            return _page(request, session, viewer, today, now, knobs, error.message)
    with database.reading() as session:
        frozen = list_of_run(session, viewer.region_id, run.run_date)
    assert frozen is not None, "the weekly run has just frozen it"
    return see_other(f"/overdue/lists/{frozen.id}", "week-sent" if run.completed_at else "week-begun")
