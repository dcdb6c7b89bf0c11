"""The secretariat's desk: what to do next, in order."""

from datetime import date, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer, secretariat_only
from app.changes.make_digest_run import make_run
from app.errors import Invalid, Overtaken
from app.models import Region
from app.models.digest_run import RunKind
from app.queries.desk import desk
from app.queries.digest_runs import list_of_run
from app.queries.office_state import office_state
from app.queries.work_calendar import work_calendar
from app.rendering import page
from app.routers.dependencies import DbSession, Knobs, Now, SignedInViewer, Today, see_other
from app.settings import Settings

router = APIRouter()


def _list_day(session: Session, viewer: Viewer, today: date) -> date:
    return work_calendar(session, viewer.region_id).list_day(today)


def _page(
    request: Request, session: Session, viewer: Viewer, today: date, now: datetime, knobs: Settings, conflict: str = ""
) -> Response:
    region = session.get_one(Region, viewer.region_id)
    return page(
        request,
        "desk/desk.html",
        status=409 if conflict else 200,
        desk=desk(session, viewer.region_id, today, list_day=_list_day(session, viewer, today)),
        state=office_state(session, region, now=now, at=knobs.digest_time),
        at=knobs.digest_time,
        conflict=conflict,
    )


@router.get("/desk")
def show(
    request: Request, session: DbSession, viewer: SignedInViewer, today: Today, now: Now, knobs: Knobs
) -> Response:
    secretariat_only(viewer)
    return _page(request, session, viewer, today, now, knobs)


@router.post("/desk/weekly")
def send_week(
    request: Request, session: DbSession, viewer: SignedInViewer, today: Today, now: Now, knobs: Knobs
) -> Response:
    """Monday's one click: the list is frozen, mailed, and its circular lies ready."""
    secretariat_only(viewer)
    region = session.get_one(Region, viewer.region_id)
    day = _list_day(session, viewer, today)
    try:
        run = make_run(session, region, RunKind.WEEKLY, day, now=now, by=viewer.account_id, settings=knobs)
    except (Invalid, Overtaken) as error:
        session.rollback()
        return _page(request, session, viewer, today, now, knobs, error.message)
    frozen = list_of_run(session, viewer.region_id, run.run_date)
    assert frozen is not None, "the weekly run has just frozen it"
    return see_other(f"/overdue/lists/{frozen.id}", "week-sent")
