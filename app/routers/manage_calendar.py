"""The working calendar of a year, and the region's own days off and working days."""

from collections.abc import Mapping
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer, day_exception_for_managing, manages_region
from app.changes.local_days import LocalDay, add_local_day, last_day, remove_local_day
from app.domain.coming_days import coming_days, festivals, moved_by
from app.domain.months import MONTHS, Month
from app.errors import Invalid
from app.i18n import gettext as _
from app.queries.local_days import local_days
from app.queries.work_calendar import work_calendar
from app.rendering import page
from app.routers.dependencies import DbSession, Form, RowId, SignedInViewer, Today, parse_day, see_other

router = APIRouter(prefix="/manage/calendar")

DAYS_AHEAD = 30


def _year(text: str, today: date, known: frozenset[int], faults: dict[str, str]) -> int:
    """The year that is asked for; a faulty one gets its sentence and this year is shown."""
    if not text:
        return today.year
    first, last = min(known), max(*known, last_day(today).year)
    if text.isascii() and text.isdecimal() and len(text) == len("2024") and first <= int(text) <= last:
        return int(text)
    faults["year"] = _("请填写%(first)s至%(last)s之间的年份。") % {"first": first, "last": last}
    return today.year


def _page(
    request: Request,
    session: Session,
    viewer: Viewer,
    today: date,
    year: str,
    *,
    form: Mapping[str, str] | None = None,
    error: Invalid | None = None,
) -> Response:
    calendar = work_calendar(session, viewer.region_id)
    faults: dict[str, str] = dict(error.fields) if error else {}
    shown = _year(year, today, calendar.known_years, faults)
    return page(
        request,
        "manage/calendar.html",
        status=422 if faults else 200,
        calendar=calendar,
        year=shown,
        typed_year=year if "year" in faults else str(shown),
        years=(min(calendar.known_years), max(*calendar.known_years, last_day(today).year)),
        known=shown in calendar.known_years,
        months=[Month(shown, number) for number in range(1, MONTHS + 1)],
        festivals=festivals(calendar, shown),
        local=[(row, moved_by(row.day, calendar)) for row in local_days(session, viewer.region_id)],
        coming=coming_days(calendar, today, DAYS_AHEAD),
        days_ahead=DAYS_AHEAD,
        form=form or {},
        faults=faults,
    )


@router.get("")
def show(request: Request, session: DbSession, viewer: SignedInViewer, today: Today, year: str = "") -> Response:
    manages_region(viewer)
    return _page(request, session, viewer, today, year.strip())


@router.post("")
def add(request: Request, session: DbSession, viewer: SignedInViewer, typed: Form, today: Today) -> Response:
    manages_region(viewer)
    try:
        working = {"off": False, "work": True}.get(typed.text("working"))
        if working is None:
            raise Invalid({"working": _("请选择休息还是上班。")})
        wanted = LocalDay(typed.day("day"), working, typed.text("reason"))
        row = add_local_day(session, viewer.region_id, wanted, today=today)
    except Invalid as error:
        session.rollback()
        day = parse_day(typed.text("day"))
        shown = str(day.year) if day and today.year <= day.year <= last_day(today).year else ""
        return _page(request, session, viewer, today, shown, form=typed.values, error=error)
    return see_other(f"/manage/calendar?year={row.day.year}", "day-added")


@router.post("/{exception_id}/remove")
def remove(request: Request, session: DbSession, viewer: SignedInViewer, exception_id: RowId, today: Today) -> Response:
    row = day_exception_for_managing(session, viewer, exception_id)
    year = row.day.year
    try:
        remove_local_day(session, row, today=today)
    except Invalid as error:
        session.rollback()
        return _page(request, session, viewer, today, str(year), error=error)
    return see_other(f"/manage/calendar?year={year}", "day-removed")
