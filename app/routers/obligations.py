"""我的事项: a department's list, and the page of one obligation."""

import re
from datetime import date
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app import access
from app.errors import Invalid
from app.i18n import gettext as _
from app.queries.department_desk import plans_of_department, returned_to_department
from app.queries.obligations import Section, department_counts, department_obligations
from app.rendering import page
from app.routers.dependencies import DbSession, RowId, SignedInViewer, Today
from app.routers.obligation_page import show_obligation

router = APIRouter()

_KEY = re.compile(r"(\d{4}-\d{2}-\d{2})_(\d{1,18})", re.ASCII)


def _key(after: str) -> tuple[date, int] | None:
    """The list goes on behind this row. Raises Invalid for what no link of ours says."""
    if not after:
        return None
    match = _KEY.fullmatch(after)
    try:
        if match:
            return date.fromisoformat(match[1]), int(match[2])
    except ValueError:
        pass
    raise Invalid({"after": _("翻页位置不正确，请从列表第一页重新查看。")})


@router.get("/obligations")
def obligations(
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    today: Today,
    section: Section = Section.TODO,
    plan: str = "",
    after: str = "",
) -> Response:
    department_id = access.department_page(viewer)
    chosen = access.plan_for_reading(session, viewer, plan) if plan else None
    found = department_obligations(
        session, viewer.region_id, department_id, section, plan_code=plan or None, after=_key(after)
    )
    here = {"section": section.value, **({"plan": plan} if plan else {})}
    more = found.after and urlencode({**here, "after": f"{found.after[0].isoformat()}_{found.after[1]}"})
    return page(
        request,
        "obligations/obligations.html",
        rows=found.rows,
        section=section,
        plan=chosen,
        plans=plans_of_department(session, viewer.region_id, department_id),
        counts=department_counts(session, viewer.region_id, department_id, today),
        returned=returned_to_department(session, viewer.region_id, department_id),
        continued=bool(after),
        more=more,
    )


@router.get("/obligations/{obligation_id}")
def obligation(
    request: Request, obligation_id: RowId, session: DbSession, viewer: SignedInViewer, today: Today
) -> Response:
    return show_obligation(request, session, viewer, today, obligation_id)
