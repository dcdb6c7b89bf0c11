"""Runs of reminders are held before they are made, and released."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access import run_hold_for_releasing, secretariat_only
from app.changes.hold_run import hold_run, release_run
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.queries.work_calendar import work_calendar
from app.routers.dependencies import DbSession, Form, Knobs, Now, RowId, SignedInViewer, Today, see_other
from app.routers.digest_page import digest_page
from app.routers.digest_question import default_day, may_look_at, plain_question
from app.routers.digests import read_kind

router = APIRouter()


@router.post("/digests/holds")
def hold(
    request: Request, session: DbSession, viewer: SignedInViewer, typed: Form, today: Today, now: Now, knobs: Knobs
) -> Response:
    secretariat_only(viewer)
    kind = read_kind(typed.text("kind"))
    run_date = typed.day("run_date")
    calendar = work_calendar(session, viewer.region_id)
    try:
        if run_date is None:
            raise Invalid({"run_date": _("请填写日期，如2024-12-31、2024/12/31或2024年12月31日。")})
        held = hold_run(
            session,
            viewer.region_id,
            kind,
            run_date,
            reason=typed.text("reason"),
            by=viewer.account_id,
            now=now,
            today=today,
        )
    except (Invalid, Overtaken) as error:
        session.rollback()
        if run_date is None or not may_look_at(kind, run_date, calendar, today):
            run_date = default_day(kind, calendar, today)
        asked = plain_question(kind, run_date, today)
        return digest_page(
            request, session, viewer, asked, now=now, knobs=knobs, error=error, typed={"reason": typed.text("reason")}
        )
    return see_other(plain_question(held.kind, held.run_date, today).address(), "run-held")


@router.post("/digests/holds/{hold_id}/release")
def release(
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    hold_id: RowId,
    today: Today,
    now: Now,
    knobs: Knobs,
) -> Response:
    held = run_hold_for_releasing(session, viewer, hold_id)
    kind, run_date = held.kind, held.run_date
    calendar = work_calendar(session, viewer.region_id)
    if not may_look_at(kind, run_date, calendar, today):
        run_date = default_day(kind, calendar, today)
    asked = plain_question(kind, run_date, today)
    try:
        release_run(session, held, by=viewer.account_id, now=now)
    except Overtaken as error:
        session.rollback()
        return digest_page(request, session, viewer, asked, now=now, knobs=knobs, error=error)
    return see_other(asked.address(), "run-released")
