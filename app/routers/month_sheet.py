"""The month sheet of a department: everything that it owes in a month, printed on one A4."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access import department_for_sheet
from app.domain.months import Month, read_month
from app.i18n import gettext as _
from app.queries.month_sheet import MonthSheet, month_sheet
from app.rendering import page
from app.routers.dependencies import DbSession, RowId, SignedInViewer, Today
from app.routers.sheet_contents import TABLES, sheet_pages

router = APIRouter()


@router.get("/departments/{department_id}/sheet")
def sheet(
    request: Request, session: DbSession, viewer: SignedInViewer, today: Today, department_id: RowId, month: str = ""
) -> Response:
    department = department_for_sheet(session, viewer, department_id)
    asked = read_month(month) if month else Month.of(today)
    owed = month_sheet(session, viewer.region_id, department_id, asked, today) if asked else MonthSheet()
    shown = asked or Month.of(today)
    return page(
        request,
        "departments/sheet.html",
        status=200 if asked else 422,
        department=department,
        month=shown,
        typed=month.strip()[:40] or shown.text,
        faults={} if asked else {"month": month_fault(month)},
        sheet=owed,
        pages=sheet_pages(owed, shown, today),
        tables=TABLES,
    )


def month_fault(text: str) -> str:
    return _("“%(text)s”不是可查的月份，请按2024-11的格式填写。") % {"text": text.strip()[:40]}
