"""What stands behind the forms of many obligations at once, in a constant number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from app.domain.workflow import WAITING_FOR_DEPARTMENT
from app.models import Obligation, ProgressUpdate, Review
from app.models.progress_update import UpdateKind
from app.models.review import ReviewDecision
from app.queries.obligations import ObligationRow


@dataclass(frozen=True, slots=True)
class SaidBefore:
    """All by obligation: the review that has to be answered, the report it speaks of, the last report of any kind."""

    demands: Mapping[int, Review]
    answers: Mapping[int, ProgressUpdate]
    last: Mapping[int, ProgressUpdate]


def said_before(session: Session, rows: Sequence[ObligationRow]) -> SaidBefore:
    ids = [row.id for row in rows]
    waiting = [row.id for row in rows if row.state in WAITING_FOR_DEPARTMENT]
    newest = (
        select(func.max(Review.id)).where(col(Review.obligation_id).in_(waiting)).group_by(col(Review.obligation_id))
    )
    reviews = session.exec(select(Review).where(col(Review.id).in_(newest)))
    demands = {review.obligation_id: review for review in reviews if review.decision is not ReviewDecision.ACCEPTED}
    submitted = (
        select(func.max(ProgressUpdate.id))
        .where(
            col(ProgressUpdate.obligation_id).in_(demands.keys()),
            col(ProgressUpdate.kind) == UpdateKind.COMPLETION,
        )
        .group_by(col(ProgressUpdate.obligation_id))
    )
    answers = session.exec(select(ProgressUpdate).where(col(ProgressUpdate.id).in_(submitted)))
    last = session.exec(
        select(ProgressUpdate)
        .join(Obligation, col(Obligation.last_update_id) == ProgressUpdate.id)
        .where(col(Obligation.id).in_(ids))
    )
    return SaidBefore(
        demands=demands,
        answers={said.obligation_id: said for said in answers},
        last={said.obligation_id: said for said in last},
    )
