"""One obligation under review: as a page, and as a row of the queue that is unfolded or decided."""

from datetime import date
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.workflow import State
from app.errors import DubanError, Invalid, Overtaken
from app.models import Obligation
from app.models.review import ReviewDecision
from app.queries.obligation_contents import obligation_contents
from app.queries.review_queue import queue_length, queue_rows
from app.queries.reviews import reviews_of
from app.rendering import page
from app.routers.review_form import ReviewForm, usual_reasons
from app.routers.review_question import QueueQuestion, read_queue_question


def _status(error: DubanError | None) -> int:
    """422 for faults and 409 when somebody was faster."""
    return 200 if error is None else 409 if isinstance(error, Overtaken) else 422


def _contents(
    request: Request, session: Session, obligation: Obligation, today: date, form: ReviewForm, error: DubanError | None
) -> dict[str, Any]:
    """The form always carries the present revision: the present report is shown above it."""
    contents = obligation_contents(session, obligation, today)
    return {
        "question": read_queue_question(request.query_params),
        "contents": contents,
        "row": contents.row,
        "report": contents.reports[0] if contents.reports else None,
        "earlier": contents.reports[1:],
        "reviews": reviews_of(session, obligation.id or 0),
        "usual": usual_reasons(),
        "form": form,
        "faults": error.fields if isinstance(error, Invalid) else {},
        "conflict": error.message if isinstance(error, Overtaken) else "",
        "under_review": obligation.state is State.SUBMITTED,
        "accepted": obligation.state is State.ACCEPTED,
    }


def show_review(
    request: Request,
    session: Session,
    obligation: Obligation,
    today: date,
    *,
    form: ReviewForm | None = None,
    error: DubanError | None = None,
) -> Response:
    """With an error, everything that was typed stays."""
    shown = _contents(request, session, obligation, today, form or ReviewForm(), error)
    waiting = queue_length(session, obligation.region_id, shown["question"].wanted)
    return page(request, "review/review.html", status=_status(error), waiting=waiting, **shown)


def show_row(
    request: Request,
    session: Session,
    obligation: Obligation,
    today: date,
    *,
    form: ReviewForm | None = None,
    error: DubanError | None = None,
    folded: bool = False,
) -> Response:
    """A row of the queue with the report and the form for its decision below it, or, folded, without them."""
    key = obligation.id or 0
    shown: dict[str, Any] = {"question": read_queue_question(request.query_params)}
    if not folded:
        shown = _contents(request, session, obligation, today, form or ReviewForm(), error)
    return page(
        request,
        "review/_row.html",
        status=_status(error),
        **shown | {"row": queue_rows(session, [key])[key]},
        full=shown.get("row"),
        opened=not folded,
        ticked=(),
        all_ticked=False,
        focused=True,
    )


def show_decided(
    request: Request,
    session: Session,
    obligation: Obligation,
    decision: ReviewDecision,
    reason: str,
    question: QueueQuestion,
) -> Response:
    """What stands in the place of a row that was decided, and how many are left."""
    key = obligation.id or 0
    return page(
        request,
        "review/_decided.html",
        row=queue_rows(session, [key])[key],
        decision=decision,
        reason=reason,
        question=question,
        length=queue_length(session, obligation.region_id, question.wanted),
    )
