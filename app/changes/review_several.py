"""Accepts or returns several reports at once, each by its own guarded revision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from app.changes.recorded_moment import hold_lists
from app.changes.review_update import EVENT_OF, review_update
from app.errors import Overtaken
from app.models import Obligation
from app.models.review import ReviewDecision
from app.queries.reviews import Happened, happened_after


@dataclass(frozen=True, slots=True)
class Several:
    """`decided` holds the obligations that stand as was asked for; `changed` what had happened to the others first
    (None: nothing, they were not under review when they were seen).

    What the same person decided by an earlier click of the same form counts as decided.
    """

    decided: Sequence[int]
    changed: Mapping[int, Happened | None]


def review_several(
    session: Session,
    obligations: Sequence[Obligation],
    decision: ReviewDecision,
    *,
    reason: str,
    seen: Mapping[int, int],
    by: int,
    now: datetime,
    today: date,
) -> Several:
    """`seen`: the revision of each obligation that the decision is about. Raises Invalid before the first write.

    One transaction for all, so that a failure in the middle leaves nothing half done and the error page is true;
    a savepoint for each, so that one that was changed meanwhile does not take the others with it.
    """
    decided: list[int] = []
    overtaken: dict[int, int] = {}
    for region_id in {obligation.region_id for obligation in obligations}:
        hold_lists(session, region_id)  # once, and not in each savepoint
    for obligation in obligations:
        key = obligation.id or 0
        try:
            with session.begin_nested():
                review_update(
                    session, obligation, decision, reason=reason, revision=seen[key], by=by, now=now, today=today
                )
        except Overtaken:
            overtaken[key] = seen[key]
        else:
            decided.append(key)
    happened = happened_after(session, overtaken) if overtaken else {}
    clicked = [key for key, event in happened.items() if is_this_decision(event, decision, reason=reason, by=by)]
    return Several(
        decided=sorted([*decided, *clicked]),
        changed={key: happened.get(key) for key in overtaken if key not in clicked},
    )


def is_this_decision(event: Happened, decision: ReviewDecision, *, reason: str, by: int) -> bool:
    """Whether the same person decided the same in the same words: an earlier click of the same form."""
    return (event.kind, event.actor_id, event.reason) == (EVENT_OF[decision], by, reason)
