"""The rules by which the product reminds and judges, in words, with one due date worked out."""

from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access import manages_region
from app.changes.extend_due import YEARS_BEYOND_PLAN
from app.domain.coming_days import example
from app.domain.lights import DUE_SOON_DAYS, START_DAYS
from app.domain.reminder_rules import DEFAULT_RULES
from app.i18n import gettext as _
from app.queries.work_calendar import work_calendar
from app.rendering import page
from app.routers.dependencies import DbSession, Knobs, SignedInViewer, Today, parse_day

router = APIRouter(prefix="/manage/rules")

FIRST_YEAR, LAST_YEAR = 2000, 2099


@router.get("")
def show(
    request: Request, session: DbSession, viewer: SignedInViewer, today: Today, knobs: Knobs, due: str = ""
) -> Response:
    manages_region(viewer)
    calendar = work_calendar(session, viewer.region_id)
    day = parse_day(due.strip()) if due.strip() else date(today.year, 12, 31)
    faults = {}
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        faults["due"] = _("请填写%(first)s至%(last)s年间的日期，如2024-12-31、2024/12/31或2024年12月31日。") % {
            "first": FIRST_YEAR,
            "last": LAST_YEAR,
        }
        day = date(today.year, 12, 31)
    return page(
        request,
        "manage/rules.html",
        status=422 if faults else 200,
        rungs=DEFAULT_RULES.rungs,
        head_after=DEFAULT_RULES.head_after,
        due_soon=DUE_SOON_DAYS,
        start=START_DAYS,
        at=knobs.digest_time,
        beyond=YEARS_BEYOND_PLAN,
        calendar=calendar,
        example=example(calendar, day),
        typed=due if faults else day.isoformat(),
        faults=faults,
    )
