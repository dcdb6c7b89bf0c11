"""静默事项: what was never reported although the time runs, or only in the same words."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access import region_lists
from app.errors import Invalid
from app.i18n import gettext as _
from app.queries.overdue_table import department_choices
from app.queries.plans import plans_of_region
from app.queries.region_rows import RowsWanted
from app.queries.silent import LOOKED_AT, SilentRow, SilentWanted, repeated, unreported, unreported_count
from app.rendering import page
from app.routers.dependencies import DbSession, SignedInViewer, Today
from app.routers.rows_question import RowsQuestion, key_text, read_key, read_plan

router = APIRouter()

UNREPORTED = "unreported"
REPEATED = "repeated"


@router.get("/departments/silent")
def silent(
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    today: Today,
    kind: str = UNREPORTED,
    department: str = "",
    plan: str = "",
    after: str = "",
) -> Response:
    region_lists(viewer)
    if kind not in {UNREPORTED, REPEATED}:
        raise Invalid({"kind": _("没有这种静默事项，请从“尚未填报”或“内容重复”进入。")})
    plans = plans_of_region(session, viewer.region_id)
    departments = department_choices(session, viewer.region_id)
    faults: dict[str, str] = {}
    plan_id = read_plan(plan.strip(), plans, faults)
    department_id = next((key for key, _name in departments if str(key) == department), None)
    if department and department_id is None:
        faults["department"] = _("没有这个单位，请在列表中选择。")
    typed = {"kind": kind, "department": department[:100], "plan": plan.strip()[:100]}
    question = RowsQuestion(typed, RowsWanted(), faults)
    wanted = SilentWanted(department_id, plan_id)
    is_unreported = kind == UNREPORTED
    key = read_key(after, dated=is_unreported, numbers=1)
    rows: Sequence[SilentRow] = []
    next_page, count = "", 0
    if not faults and is_unreported:
        rows, after_rows = unreported(session, viewer.region_id, wanted, today, after=key)
        next_page = key_text(after_rows)
        count = unreported_count(session, viewer.region_id, wanted, today)
    elif not faults:
        rows, further = repeated(session, viewer.region_id, wanted, after=key)
        next_page, count = key_text(further), len(rows)
    return page(
        request,
        "departments/silent.html",
        status=422 if faults else 200,
        question=question,
        plans=plans,
        departments=departments,
        rows=rows,
        count=count,
        looked_at=LOOKED_AT,
        continued=key is not None,
        next_page=next_page,
    )
