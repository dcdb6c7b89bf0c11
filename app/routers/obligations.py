"""我的事项: a department's list, and the page of one obligation."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app import access
from app.domain.workflow import State
from app.queries.answers import answers_waiting
from app.queries.department_desk import list_choices
from app.queries.department_list import department_counts, department_obligations, most_urgent
from app.queries.inheritance import inherited
from app.queries.obligations import last_review
from app.queries.update_drafts import drafted
from app.rendering import is_htmx, page
from app.routers.dependencies import DbSession, RowId, SignedInViewer, Today
from app.routers.list_question import BATCH_SECTIONS, key_text, read_question
from app.routers.obligation_page import show_obligation

router = APIRouter()

_UNPROCESSABLE = 422


@router.get("/obligations")
def obligations(request: Request, session: DbSession, viewer: SignedInViewer, today: Today) -> Response:
    department_id = access.department_page(viewer)
    own = (session, viewer.region_id, department_id)
    choices = list_choices(*own)
    question = read_question(request.query_params, choices)
    wanted = question.wanted if question.filtered and not question.faults else None
    found = None
    if not question.faults:
        found = department_obligations(
            *own, question.section, today, wanted=wanted, order=question.order, after=question.after
        )
    rows = found.rows if found else []
    first = most_urgent(*own, today)
    answer = page(
        request,
        "obligations/obligations.html",
        status=_UNPROCESSABLE if question.faults else 200,
        question=question,
        choices=choices,
        rows=rows,
        inherited=inherited(session, [row.id for row in rows]),
        counts=department_counts(*own, today, wanted),
        drafts=drafted(session, viewer.account_id, [row.id for row in (*rows, *([first] if first else []))]),
        next_page=key_text(found.after) if found else "",
        first=first,
        demand=last_review(session, first.id) if first and first.state is State.RETURNED else None,
        answers_waiting=answers_waiting(*own),
        has_inbox=request.app.state.settings.inbox_url is not None,
        in_batch=viewer.is_liaison and question.section in BATCH_SECTIONS,
    )
    if is_htmx(request):  # the address without the fields that were left empty
        answer.headers["HX-Push-Url"] = question.link("/obligations")
    return answer


@router.get("/obligations/{obligation_id}")
def obligation(
    request: Request, obligation_id: RowId, session: DbSession, viewer: SignedInViewer, today: Today
) -> Response:
    return show_obligation(request, session, viewer, today, obligation_id)
