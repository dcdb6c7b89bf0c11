"""Reminders: what would go out today, what went out, and sending it now."""

from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer, digest_run_for_reading, secretariat_only
from app.changes.make_digest_run import make_run, preview_page
from app.domain.workdays import WorkCalendar
from app.errors import DubanError, Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Region
from app.models.digest_run import RunKind
from app.queries.digest_runs import mails_of_run, run_of, runs
from app.queries.work_calendar import work_calendar
from app.rendering import page
from app.routers.dependencies import DbSession, Form, Knobs, Now, RowId, SignedInViewer, Today, see_other
from app.settings import Settings

router = APIRouter()

ACCOUNTS = 50  # on one page of the preview
After = Annotated[int, Query(ge=0, le=2**63 - 1)]


def _run_date(kind: RunKind, calendar: WorkCalendar, today: date) -> date:
    """The run that the page speaks of: today's digest, or this week's list, or the next one in a week without work."""
    return today if kind is RunKind.DAILY else calendar.list_day(today)


def _page(
    request: Request,
    session: Session,
    viewer: Viewer,
    kind: RunKind,
    *,
    today: date,
    now: datetime,
    knobs: Settings,
    after: int = 0,
    error: DubanError | None = None,
) -> Response:
    calendar = work_calendar(session, viewer.region_id)
    run_date = _run_date(kind, calendar, today)
    made = run_of(session, viewer.region_id, kind, run_date)
    region = session.get_one(Region, viewer.region_id)
    told = []
    if made is None:
        told = preview_page(session, region, kind, run_date, now=now, settings=knobs, after=after, limit=ACCOUNTS)
    return page(
        request,
        "digests/digests.html",
        status=200 if error is None else 409 if isinstance(error, Overtaken) else 422,
        kind=kind,
        kinds=list(RunKind),
        run_date=run_date,
        made=made,
        told=told,
        after=told[-1].person.account_id if len(told) == ACCOUNTS else None,
        later=after > 0,
        works_today=calendar.is_working(today),
        next_day=calendar.on_or_after(today + timedelta(days=1)),
        provisional=calendar.is_provisional(run_date),
        at=knobs.digest_time,
        runs=runs(session, viewer.region_id),
        conflict=error.message if error else "",
    )


@router.get("/digests")
def digests(
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    today: Today,
    now: Now,
    knobs: Knobs,
    kind: RunKind = RunKind.DAILY,
    after: After = 0,
) -> Response:
    secretariat_only(viewer)
    return _page(request, session, viewer, kind, today=today, now=now, knobs=knobs, after=after)


def _same_day(shown: date | None, run_date: date) -> None:
    """A page that was left open over night must not send what nobody has looked at."""
    if shown != run_date:
        raise Overtaken(_("页面上的日期已经过去，本次未发送，请核对后再发送。"))


@router.post("/digests")
def send(
    request: Request, session: DbSession, viewer: SignedInViewer, typed: Form, today: Today, now: Now, knobs: Knobs
) -> Response:
    secretariat_only(viewer)
    try:
        kind = RunKind(typed.text("kind"))
    except ValueError as error:
        raise Invalid({"kind": _("请选择每日提醒或每周逾期清单。")}) from error
    region = session.get_one(Region, viewer.region_id)
    run_date = _run_date(kind, work_calendar(session, viewer.region_id), today)
    try:
        _same_day(typed.day("run_date"), run_date)
        made = make_run(session, region, kind, run_date, now=now, by=viewer.account_id, settings=knobs)
    except (Invalid, Overtaken) as error:
        session.rollback()
        return _page(request, session, viewer, kind, today=today, now=now, knobs=knobs, error=error)
    return see_other(f"/digests/{made.id}", "digests-sent")


@router.get("/digests/{run_id}")
def one_run(request: Request, run_id: RowId, session: DbSession, viewer: SignedInViewer, after: After = 0) -> Response:
    run = digest_run_for_reading(session, viewer, run_id)
    return page(
        request,
        "digests/run.html",
        run=run,
        found=mails_of_run(session, run_id, after=after),
        later=after > 0,
    )
