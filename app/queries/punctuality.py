"""How punctual a department was, half-year by half-year or quarter by quarter, by the dates now in force."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.domain.punctuality import Outcome, Period, Tally, period_of
from app.models import Obligation
from app.queries.region_rows import RowsWanted, outcome_column, owed

PERIODS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class PunctualityRow:
    period: Period
    tally: Tally


def punctuality(
    session: Session, region_id: int, department_id: int, today: date, *, parts: int
) -> Sequence[PunctualityRow]:
    """Oldest first, at most eight periods with something due, none of them later than the present one."""
    statement = select(col(Obligation.due), outcome_column(today).label("outcome"), func.count()).select_from(
        Obligation
    )
    last = period_of(today, parts).last
    tallies: dict[Period, Tally] = defaultdict(Tally)
    for due, outcome, count in session.execute(
        owed(statement, region_id, RowsWanted(department_id=department_id, due_to=last), today).group_by(
            col(Obligation.due), "outcome"
        )
    ):
        tallies[period_of(due, parts)].add(Outcome(outcome), count)
    return [PunctualityRow(period, tallies[period]) for period in sorted(tallies)][-PERIODS_SHOWN:]
