"""What was reported for a department lately, and what a secretary decided."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col

from app.clock import local_day
from app.domain.handover_sheet import DoneLine
from app.i18n import gettext as _
from app.models import Account, Department, Obligation, ProgressUpdate, Region, Review
from app.models.progress_update import UpdateKind
from app.queries.handover_owed import PLACE, joined, whose
from app.words import day, word

LATELY = timedelta(days=30)


def reported_lines(session: Session, account: Account, today: date) -> Sequence[DoneLine]:
    """The department's reports of the last days, whoever wrote them."""
    statement = (
        joined(
            *PLACE,
            whose(account),
            col(ProgressUpdate.on).label("on"),
            col(ProgressUpdate.kind).label("kind"),
            col(ProgressUpdate.percent).label("percent"),
        )
        .join(ProgressUpdate, col(ProgressUpdate.obligation_id) == Obligation.id)
        .join(Department, col(Department.id) == ProgressUpdate.department_id)
        .where(
            col(ProgressUpdate.region_id) == account.region_id,
            col(ProgressUpdate.department_id) == account.department_id,
            col(ProgressUpdate.on) > today - LATELY,
        )
        .order_by(col(ProgressUpdate.on).desc(), col(ProgressUpdate.id).desc())
    )
    return [_done_line(row, row.on, _report_words(row)) for row in session.execute(statement)]


def _report_words(row: Any) -> str:
    if row.kind is UpdateKind.COMPLETION:
        return word(row.kind)
    return _("%(kind)s %(percent)s%%") % {"kind": word(row.kind), "percent": row.percent}


def decided_lines(session: Session, region: Region, account: Account, now: datetime) -> Sequence[DoneLine]:
    statement = (
        joined(*PLACE, whose(account), col(Review.recorded_at).label("at"), col(Review.decision).label("decision"))
        .join(Review, col(Review.obligation_id) == Obligation.id)
        .join(Department, col(Department.id) == Obligation.department_id)
        .where(
            col(Review.region_id) == region.id,
            col(Review.reviewer_id) == account.id,
            col(Review.recorded_at) > now - LATELY,
        )
        .order_by(col(Review.id).desc())
    )
    return [
        _done_line(row, local_day(row.at, region.time_zone), word(row.decision)) for row in session.execute(statement)
    ]


def _done_line(row: Any, on: date, what: str) -> DoneLine:
    return DoneLine(
        obligation=row.id,
        plan=row.plan,
        task=f"{row.number} {row.title}",
        phase=row.phase,
        department=row.department or "",
        on=day(on, weekday=False),
        what=what,
    )
