"""How many were overdue week by week: by the frozen lists, and where none was frozen by the events as known then."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import func, literal
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.clock import day_end, local_day
from app.models import Obligation, ObligationEvent, OverdueList, OverdueRow, Plan, PlanEdition
from app.models.columns import UtcDateTime
from app.queries.waiting import waits_for_department

WEEKS = 26
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """What was overdue on `day`. `frozen` is the list that says so; without one it is counted from the events."""

    day: date
    overdue: frozenset[int]
    frozen: OverdueList | None = None

    @property
    def count(self) -> int:
        return len(self.overdue)


@dataclass(frozen=True, slots=True)
class Trend:
    """Oldest first, at least one point: the last is of today as it stands now.

    `before` is last week's, with which today is compared; None where nothing was published by then.
    `frozen_today` is the list of today, if it was frozen already; what happened since counts in the point, not in it.
    """

    points: Sequence[TrendPoint]
    before: TrendPoint | None
    frozen_today: OverdueList | None = None

    @property
    def now(self) -> TrendPoint:
        return self.points[-1]

    @property
    def fresh(self) -> frozenset[int]:
        """Obligations that have come to be overdue since last week."""
        return self.now.overdue - (self.before.overdue if self.before else frozenset())

    @property
    def cleared(self) -> frozenset[int]:
        return (self.before.overdue if self.before else frozenset()) - self.now.overdue


@dataclass(frozen=True, slots=True)
class _Span:
    """From one event of an obligation to the next it waited for its department with this due date."""

    obligation_id: int
    due: date
    start: datetime
    end: datetime

    def overdue(self, day: date, cutoff: datetime) -> bool:
        return self.due < day and self.start < cutoff <= self.end


def overdue_trend(
    session: Session, region_id: int, today: date, *, zone: str, plan: Plan | None = None, weeks: int = WEEKS
) -> Trend:
    """The last Mondays and today. A week in which a list was frozen before today stands on the day of its first list.

    Four queries, whatever the number of weeks: when it began, the lists, their rows, and the few obligations
    that waited for their department at any moment of these weeks.
    """
    monday = today - timedelta(days=today.weekday())
    mondays = [monday - timedelta(weeks=back) for back in range(weeks)]
    began = _began(session, region_id, plan, zone) or today
    frozen = _lists(session, region_id, mondays[-1], today)
    lists = _first_of_each_week(one for one in frozen if one.as_of < today)
    rows = _rows(session, [one.id or 0 for one in lists.values()], plan)
    spans = _spans(session, region_id, plan, today, day_end(mondays[-1], zone))
    points = [TrendPoint(today, frozenset(span.obligation_id for span in spans if span.overdue(today, _NEVER)))]
    for one in mondays:
        if one in lists:
            points.append(TrendPoint(lists[one].as_of, rows.get(lists[one].id or 0, frozenset()), lists[one]))
        elif began <= one < today:
            cutoff = day_end(one, zone)
            known = frozenset(span.obligation_id for span in spans if span.overdue(one, cutoff))
            points.append(TrendPoint(one, known))
    return Trend(
        points[::-1],
        before=next((point for point in points if point.day < monday), None),
        frozen_today=next((one for one in frozen if one.as_of == today), None),
    )


def _began(session: Session, region_id: int, plan: Plan | None, zone: str) -> date | None:
    """The day on which the first plan was published: before it there was nothing to be late with."""
    statement = (
        select(func.min(PlanEdition.published_at))
        .join(Plan, col(Plan.id) == PlanEdition.plan_id)
        .where(Plan.region_id == region_id)
    )
    if plan is not None:
        statement = statement.where(Plan.id == plan.id)
    moment = session.exec(statement).one()
    return None if moment is None else local_day(moment, zone)


def _lists(session: Session, region_id: int, oldest: date, today: date) -> Sequence[OverdueList]:
    """Oldest first."""
    return session.exec(
        select(OverdueList)
        .where(OverdueList.region_id == region_id, col(OverdueList.as_of) >= oldest, col(OverdueList.as_of) <= today)
        .order_by(col(OverdueList.as_of))
    ).all()


def _first_of_each_week(lists: Iterable[OverdueList]) -> dict[date, OverdueList]:
    """Monday -> the first of its week; `lists` are the oldest first."""
    found: dict[date, OverdueList] = {}
    for frozen in lists:
        found.setdefault(frozen.as_of - timedelta(days=frozen.as_of.weekday()), frozen)
    return found


def _rows(session: Session, list_ids: Sequence[int], plan: Plan | None) -> dict[int, frozenset[int]]:
    """List -> the obligations on it."""
    statement = select(OverdueRow.list_id, OverdueRow.obligation_id).where(col(OverdueRow.list_id).in_(list_ids))
    if plan is not None:
        statement = statement.where(OverdueRow.plan_code == plan.code)
    found: dict[int, set[int]] = {}
    for list_id, obligation_id in session.exec(statement):
        found.setdefault(list_id, set()).add(obligation_id)
    return {list_id: frozenset(held) for list_id, held in found.items()}


def _spans(session: Session, region_id: int, plan: Plan | None, today: date, oldest: datetime) -> list[_Span]:
    """Those that waited after `oldest` and are due by now: some hundred, read along the index of the events."""
    later = aliased(ObligationEvent)
    # The first to be recorded of all later events: the same that `overdue_as_known` asks of one moment.
    end: Any = func.coalesce(
        select_columns(func.min(later.recorded_at))
        .where(
            col(later.obligation_id) == col(ObligationEvent.obligation_id), col(later.seq) > col(ObligationEvent.seq)
        )
        .correlate(ObligationEvent)
        .scalar_subquery(),
        literal(_NEVER, UtcDateTime),
    )
    columns: list[Any] = [
        col(ObligationEvent.obligation_id),
        col(ObligationEvent.due),
        col(ObligationEvent.recorded_at),
        end.label("end"),
    ]
    statement = select_columns(*columns).where(
        col(ObligationEvent.region_id) == region_id,
        waits_for_department(ObligationEvent.state),
        col(ObligationEvent.due) < today,
        end >= literal(oldest, UtcDateTime),
    )
    if plan is not None:
        statement = statement.join(Obligation, col(Obligation.id) == ObligationEvent.obligation_id).where(
            col(Obligation.plan_id) == plan.id
        )
    return [_Span(*row) for row in session.execute(statement)]
