"""The obligations of one department over all plans: what stands behind the figures of its page."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access import department_for_reading
from app.domain.lights import Light
from app.domain.punctuality import Outcome
from app.domain.workflow import Role
from app.queries.inheritance import inherited
from app.queries.plans import plans_of_region
from app.queries.region_rows import RegionRows, rows_by_date, tasks_taken_part_in
from app.rendering import page
from app.routers.dependencies import DbSession, RowId, SignedInViewer, Today
from app.routers.rows_question import key_text, read_key, read_rows_question

router = APIRouter()


@router.get("/departments/{department_id}/obligations")
def obligations(
    request: Request, session: DbSession, viewer: SignedInViewer, today: Today, department_id: RowId, after: str = ""
) -> Response:
    department = department_for_reading(session, viewer, department_id)
    plans = plans_of_region(session, viewer.region_id)
    question = read_rows_question(request.query_params, plans, department_id=department_id)
    key = read_key(after, dated=True, numbers=1)
    found = RegionRows([], 0, None)
    if not question.faults:
        found = rows_by_date(session, viewer.region_id, question.wanted, today, after=key)
    return page(
        request,
        "departments/obligations.html",
        status=422 if question.faults else 200,
        department=department,
        question=question,
        plans=plans,
        roles=tuple(Role),
        lights=tuple(Light),
        outcomes=tuple(Outcome),
        found=found,
        inherited=inherited(session, [row.id for row in found.rows]),
        continued=key is not None,
        next_page=key_text(found.after),
        own_tasks=tasks_taken_part_in(session, viewer.region_id, viewer.department_id),
    )
