"""The secretariat reviews what was submitted, one after the other, and reopens what was accepted."""

from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access import obligation_for_review, secretariat_only
from app.changes.review_update import review_update
from app.domain.workflow import State
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Obligation
from app.models.review import ReviewDecision
from app.queries.reviews import QueueKey, next_in_queue, queue_length, review_queue
from app.rendering import page
from app.routers.dependencies import DbSession, Form, Now, RowId, SignedInViewer, Today, Typed, see_other
from app.routers.review_page import ReviewForm, show_review

router = APIRouter()

_ID_DIGITS = 18  # what the databases can compare with an id


def _after(text: str) -> QueueKey | None:
    """`2024-11-01_88`: day of submission and obligation of the last row shown. Raises Invalid."""
    if not text:
        return None
    day, _bar, key = text.partition("_")
    try:
        if key.isdecimal() and len(key) <= _ID_DIGITS:
            return date.fromisoformat(day), int(key)
    except ValueError:
        pass
    raise Invalid({"after": _("翻页位置不正确，请从第一页看起。")})


@router.get("/review")
def queue(request: Request, session: DbSession, viewer: SignedInViewer, after: str = "") -> Response:
    secretariat_only(viewer)
    found = review_queue(session, viewer.region_id, after=_after(after))
    return page(
        request,
        "review/queue.html",
        found=found,
        length=queue_length(session, viewer.region_id),
        later=bool(after),
        next_page=f"{found.after[0].isoformat()}_{found.after[1]}" if found.after else "",
    )


@router.get("/review/{obligation_id}")
def one(request: Request, obligation_id: RowId, session: DbSession, viewer: SignedInViewer, today: Today) -> Response:
    obligation = obligation_for_review(session, viewer, obligation_id)
    return show_review(request, session, obligation, today)


def _decision(typed: Typed) -> ReviewDecision:
    """Raises Invalid: a reason to return chosen beside 通过 is a slip of the hand, one way or the other."""
    chosen = typed.text("decision")
    if chosen == ReviewDecision.RETURNED:
        return ReviewDecision.RETURNED
    if chosen != ReviewDecision.ACCEPTED:
        raise Invalid({"reason": _("请选择“审核通过”或“退回”。")})
    if typed.text("quick"):
        raise Invalid({"quick": _("已选择退回理由，不能同时审核通过。如要通过，请先改选“不选用”。")})
    return ReviewDecision.ACCEPTED


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
    place = (obligation.submitted_on, obligation_id) if obligation.submitted_on else None
    try:
        decision = _decision(typed)
        review_update(
            session,
            obligation,
            decision,
            reason="；".join(text for text in (typed.text("quick"), typed.text("reason")) if text),
            revision=typed.number("revision") or 0,
            by=viewer.account_id,
            now=now,
            today=today,
        )
    except (Invalid, Overtaken) as error:
        session.rollback()
        form = ReviewForm(typed.text("quick"), typed.text("reason"))
        return show_review(
            request, session, obligation_for_review(session, viewer, obligation_id), today, form=form, error=error
        )
    following = next_in_queue(session, viewer.region_id, place)
    if following is None:
        return see_other("/review", decision.value)
    return see_other(f"/review/{following}", f"{decision.value}-next")


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
