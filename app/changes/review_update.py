"""The secretariat accepts what was submitted, returns it with a reason, or reopens what was accepted."""

from datetime import date, datetime

from sqlmodel import Session

from app.changes.hand_on import hand_on, must_be_free
from app.changes.record_event import record_event
from app.changes.recorded_moment import hold_lists
from app.domain.workflow import EventKind
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Obligation, Review
from app.models.review import ReviewDecision

REASON_LIMIT = 2_000

EVENT_OF = {
    ReviewDecision.ACCEPTED: EventKind.ACCEPTED,
    ReviewDecision.RETURNED: EventKind.RETURNED,
    ReviewDecision.REOPENED: EventKind.REOPENED,
}


def review_update(
    session: Session,
    obligation: Obligation,
    decision: ReviewDecision,
    *,
    reason: str,
    revision: int,
    by: int,
    now: datetime,
    today: date,
) -> Review:
    """Raises Invalid without a reason where one is due, Overtaken when somebody else was faster."""
    if decision is not ReviewDecision.ACCEPTED and not reason:
        raise Invalid({"reason": _("请写明理由，承办单位据此补充完善。")})
    if len(reason) > REASON_LIMIT:
        raise Invalid({"reason": _("理由不得超过%(limit)s字。") % {"limit": REASON_LIMIT}})
    if obligation.revision != revision:
        raise Overtaken(_("此事项在您审核期间已被他人处理，您的决定未执行，请核对最新情况。"))
    hold_lists(session, obligation.region_id)
    review = Review(
        region_id=obligation.region_id,
        obligation_id=obligation.id or 0,
        update_id=obligation.last_update_id,
        decision=decision,
        reason=reason,
        reviewer_id=by,
        recorded_at=now,
    )
    session.add(review)
    if decision is ReviewDecision.REOPENED:
        must_be_free(session, obligation, today=today)
    record_event(
        session,
        obligation,
        EVENT_OF[decision],
        on=today,
        now=now,
        by=by,
        reason=reason,
        update_id=obligation.last_update_id,
    )
    if decision is ReviewDecision.REOPENED:
        hand_on(session, obligation, now=now, by=by, today=today)
    return review
