"""Reminders: what will go out on a day, what went out, and sending it now."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer, secretariat_only
from app.db import Database
from app.domain.coming_digests import Run
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models.digest_run import RunKind
from app.queries.coming_runs import runs_known
from app.queries.overdue_table import department_choices
from app.queries.work_calendar import work_calendar
from app.routers.dependencies import DbSession, Form, Knobs, Now, SignedInViewer, Today, see_other
from app.routers.digest_page import digest_page, list_first
from app.routers.digest_question import ask, default_day, plain_question
from app.routers.digest_sending import same_day, send_run

router = APIRouter()

After = Annotated[int, Query(ge=0, le=2**63 - 1)]


@router.get("/digests")
def digests(
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    today: Today,
    now: Now,
    knobs: Knobs,
    kind: RunKind = RunKind.DAILY,
    day: str = "",
    department: str = "",
    person: str = "",
    after: After = 0,
) -> Response:
    secretariat_only(viewer)
    asked = ask(
        kind,
        {"day": day, "department": department, "person": person},
        work_calendar(session, viewer.region_id),
        today,
        department_choices(session, viewer.region_id),
    )
    return digest_page(request, session, viewer, asked, now=now, knobs=knobs, after=after)


def read_kind(text: str) -> RunKind:
    try:
        return RunKind(text)
    except ValueError as error:
        raise Invalid({"kind": _("请选择每日提醒或每周逾期清单。")}) from error


def _check(session: Session, viewer: Viewer, kind: RunKind, shown: date | None, today: date) -> date:
    """The day of the run that may be sent now. Raises Overtaken where the page shows another, or a list goes first."""
    calendar = work_calendar(session, viewer.region_id)
    run_date = default_day(kind, calendar, today)
    same_day(shown, run_date)
    run = Run(run_date, daily=kind is RunKind.DAILY)
    known = runs_known(session, viewer.region_id, today)
    if run.daily and run not in known.made and list_first(run, calendar, today, known):
        raise Overtaken(
            _("本周逾期清单尚未发送。清单在先，清单已列的每日提醒不再重复：请先发送清单，或暂缓清单后再发送每日提醒。")
        )
    return run_date


@router.post("/digests")
def send(request: Request, viewer: SignedInViewer, typed: Form, today: Today, now: Now, knobs: Knobs) -> Response:
    secretariat_only(viewer)
    kind = read_kind(typed.text("kind"))
    database: Database = request.app.state.database
    try:
        with database.reading() as session:
            run_date = _check(session, viewer, kind, typed.day("run_date"), today)
        made = send_run(request, viewer, kind, run_date, now=now, knobs=knobs)
    except (Invalid, Overtaken) as error:
        with database.reading() as session:
            run_date = default_day(kind, work_calendar(session, viewer.region_id), today)
            asked = plain_question(kind, run_date, today)
            return digest_page(request, session, viewer, asked, now=now, knobs=knobs, error=error)
    if made.completed_at is None:
        return see_other(plain_question(kind, run_date, today).address(), "digests-begun")
    return see_other(f"/digests/{made.id}", "digests-sent")
