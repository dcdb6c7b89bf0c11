"""One report: the secretariat accepts or returns it, on its page or in its row of the queue, or reopens it."""

from datetime import date, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer, obligation_for_review
from app.changes.review_several import review_several
from app.changes.review_update import review_update
from app.domain.workflow import State
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Obligation
from app.models.review import ReviewDecision
from app.queries.review_queue import next_in_queue
from app.rendering import is_htmx
from app.routers.dependencies import DbSession, Form, Now, RowId, SignedInViewer, Today, see_other
from app.routers.review_form import ReviewForm, read_decision, read_review_form
from app.routers.review_page import show_decided, show_review, show_row
from app.routers.review_question import read_queue_question

router = APIRouter()


@router.get("/review/{obligation_id}")
def one(request: Request, obligation_id: RowId, session: DbSession, viewer: SignedInViewer, today: Today) -> Response:
    obligation = obligation_for_review(session, viewer, obligation_id)
    return show_review(request, session, obligation, today)


@router.get("/review/{obligation_id}/row")
def row(
    request: Request,
    obligation_id: RowId,
    session: DbSession,
    viewer: SignedInViewer,
    today: Today,
    folded: str = "",
) -> Response:
    """The line of the queue with its report unfolded, or folded again: for htmx; everybody else gets the page."""
    obligation = obligation_for_review(session, viewer, obligation_id)
    if not is_htmx(request):
        return see_other(read_queue_question(request.query_params).link(f"/review/{obligation_id}"))
    return show_row(request, session, obligation, today, folded=bool(folded))


@router.post("/review/{obligation_id}")
def decide(
    *,
    request: Request,
    obligation_id: RowId,
    session: DbSession,
    viewer: SignedInViewer,
    typed: Form,
    now: Now,
    today: Today,
) -> Response:
    obligation = obligation_for_review(session, viewer, obligation_id)
    question = read_queue_question(request.query_params)
    place = (obligation.submitted_on, obligation_id) if obligation.submitted_on else None
    form = read_review_form(typed)
    inline = is_htmx(request)
    try:
        decision = read_decision(typed, form)
        revision = typed.number("revision") or 0
        _decide(session, obligation, decision, form, revision=revision, viewer=viewer, at=(now, today))
    except (Invalid, Overtaken) as error:
        session.rollback()
        again = obligation_for_review(session, viewer, obligation_id)
        if inline:
            return show_row(request, session, again, today, form=form, error=error)
        return show_review(request, session, again, today, form=form, error=error)
    if inline:
        return show_decided(request, session, obligation, decision, form.full_reason, question)
    following = next_in_queue(session, viewer.region_id, place, question.wanted)
    if following is None:
        return see_other(question.link("/review"), decision.value)
    return see_other(question.link(f"/review/{following}"), f"{decision.value}-next")


def _decide(
    session: Session,
    obligation: Obligation,
    decision: ReviewDecision,
    form: ReviewForm,
    *,
    revision: int,
    viewer: Viewer,
    at: tuple[datetime, date],
) -> None:
    """Raises Invalid and Overtaken. What an earlier click of the same form decided is not decided again."""
    now, today = at
    several = review_several(
        session,
        [obligation],
        decision,
        reason=form.full_reason,
        seen={obligation.id or 0: revision},
        by=viewer.account_id,
        now=now,
        today=today,
    )
    if several.changed:
        raise Overtaken(_("此事项在您审核期间已被他人处理，您的决定未执行，请核对最新情况。"))


def _only_accepted(obligation: Obligation) -> None:
    """The workflow would also reopen what was cancelled, but that is for a new edition of the plan."""
    if obligation.state is not State.ACCEPTED:
        raise Overtaken(_("此事项目前不是已办结状态，无需重新办理。"))


@router.post("/review/{obligation_id}/reopen")
def reopen(
    *,
    request: Request,
    obligation_id: RowId,
    session: DbSession,
    viewer: SignedInViewer,
    typed: Form,
    now: Now,
    today: Today,
) -> Response:
    obligation = obligation_for_review(session, viewer, obligation_id)
    try:
        _only_accepted(obligation)
        review_update(
            session,
            obligation,
            ReviewDecision.REOPENED,
            reason=typed.text("reopen_reason"),
            revision=typed.number("revision") or 0,
            by=viewer.account_id,
            now=now,
            today=today,
        )
    except (Invalid, Overtaken) as error:
        session.rollback()
        form = ReviewForm(reopen_reason=typed.text("reopen_reason"))
        fault = Invalid({"reopen_reason": error.message}) if isinstance(error, Invalid) else error
        return show_review(
            request, session, obligation_for_review(session, viewer, obligation_id), today, form=form, error=fault
        )
    return see_other(f"/obligations/{obligation_id}", "reopened")
