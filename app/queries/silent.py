"""Silent obligations: no report at all although the time runs, or the same words again."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, func, select, tuple_
from sqlmodel import Session, col

from app.domain.lights import START_DAYS
from app.domain.same_words import said_again
from app.domain.workflow import LIVE, Role, State
from app.models import Department, Milestone, Obligation, ObligationEvent, Phase, Plan, ProgressUpdate, Task
from app.queries.obligations import PAGE
from app.queries.region_rows import RowKey
from app.queries.waiting import waits_for_department

# Comparing texts is the work of this program and not of the database: so many obligations are looked at per page.
LOOKED_AT = 200
# Of each obligation no more than its newest reports are read.
_REPORTS = 6


@dataclass(frozen=True, slots=True)
class SilentWanted:
    """None: all."""

    department_id: int | None = None
    plan_id: int | None = None


@dataclass(frozen=True, slots=True)
class SilentRow:
    """`opened_on`: since when the duty has been on record. Of repeated ones: `times` reports in a row, the last day
    and words.
    """

    id: int
    plan_code: str
    plan_title: str
    task_number: str
    task_title: str
    phase: str
    review: str | None
    department_id: int
    department: str
    role: Role
    state: State
    due: date | None
    first_due: date | None
    risk: bool
    late_days: int | None
    opened_on: date
    times: int = 0
    last_on: date | None = None
    last_text: str = ""


_COLUMNS: list[Any] = [
    col(Obligation.id),
    col(Plan.code),
    col(Plan.title),
    col(Task.number),
    col(Task.title),
    col(Phase.name),
    col(Milestone.review),
    col(Department.id),
    col(Department.name),
    col(Obligation.role),
    col(Obligation.state),
    col(Obligation.due),
    col(Obligation.first_due),
    col(Obligation.risk),
    col(Obligation.late_days),
    col(ObligationEvent.on),
]


def _narrowed(statement: Select[Any], region_id: int, wanted: SilentWanted) -> Select[Any]:
    statement = statement.where(col(Obligation.region_id) == region_id)
    if wanted.department_id is not None:
        statement = statement.where(col(Obligation.department_id) == wanted.department_id)
    if wanted.plan_id is not None:
        statement = statement.where(col(Obligation.plan_id) == wanted.plan_id)
    return statement


def _listed(region_id: int, wanted: SilentWanted) -> Select[Any]:
    statement = (
        select(*_COLUMNS)
        .select_from(Obligation)
        .join(Plan, col(Plan.id) == Obligation.plan_id)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .join(Department, col(Department.id) == Obligation.department_id)
        .join(
            ObligationEvent,
            (col(ObligationEvent.obligation_id) == Obligation.id) & (col(ObligationEvent.seq) == 1),
        )
    )
    return _narrowed(statement, region_id, wanted)


def _unreported(statement: Select[Any], today: date) -> Select[Any]:
    """Begun or late, by the same rule as the lights; what has no date cannot have begun."""
    return statement.where(
        waits_for_department(Obligation.state),
        col(Obligation.last_update_id).is_(None),
        col(Obligation.due) <= today + timedelta(days=START_DAYS),
    )


def unreported_count(session: Session, region_id: int, wanted: SilentWanted, today: date) -> int:
    counting = _unreported(_narrowed(select(func.count()).select_from(Obligation), region_id, wanted), today)
    count: int = session.execute(counting).scalar_one()
    return count


def unreported(
    session: Session,
    region_id: int,
    wanted: SilentWanted,
    today: date,
    *,
    after: RowKey | None = None,
    limit: int = PAGE,
) -> tuple[Sequence[SilentRow], RowKey | None]:
    """Most urgent first, and the key (due, id) to ask for the next page with."""
    keys = [col(Obligation.due), col(Obligation.id)]
    statement = _unreported(_listed(region_id, wanted), today).order_by(*keys).limit(limit + 1)
    if after is not None:
        statement = statement.where(tuple_(*keys) > after)
    rows = [SilentRow(*row) for row in session.execute(statement)]
    more = len(rows) > limit
    rows = rows[:limit]
    last = rows[-1] if more else None
    return rows, (last.due, last.id) if last and last.due else None


def repeated(
    session: Session,
    region_id: int,
    wanted: SilentWanted,
    *,
    after: RowKey | None = None,
    looked_at: int = LOOKED_AT,
) -> tuple[Sequence[SilentRow], RowKey | None]:
    """Live obligations whose newest reports say nearly the same, and from where (id) to look further.

    Two statements, and at most `looked_at` obligations with more than one report are read; a page may hold
    fewer rows than others, or none, and still have a next one.
    """
    newest = (
        func.row_number()
        .over(partition_by=col(ProgressUpdate.obligation_id), order_by=col(ProgressUpdate.id).desc())
        .label("place")
    )
    chosen = (
        _narrowed(select(col(Obligation.id)).select_from(Obligation), region_id, wanted)
        .join(ProgressUpdate, col(ProgressUpdate.obligation_id) == Obligation.id)
        .where(col(Obligation.state).in_(LIVE), col(Obligation.id) > (after[0] if after else 0))
        .group_by(col(Obligation.id))
        .having(func.count() > 1)
        .order_by(col(Obligation.id))
        .limit(looked_at + 1)
    )
    placed = (
        select(
            col(ProgressUpdate.obligation_id).label("key"),
            col(ProgressUpdate.text).label("text"),
            col(ProgressUpdate.on).label("day"),
            newest,
        )
        .where(col(ProgressUpdate.obligation_id).in_(chosen))
        .subquery()
    )
    said: dict[int, list[tuple[str, date]]] = defaultdict(list)
    for key, text, day in session.execute(
        select(placed.c.key, placed.c.text, placed.c.day)
        .where(placed.c.place <= _REPORTS)
        .order_by(placed.c.key, placed.c.place)
    ):
        said[key].append((text, day))
    looked = list(said)[:looked_at]
    times = {key: said_again([text for text, _day in said[key]]) for key in looked}
    found = [key for key in looked if times[key]]
    rows = [
        replace(SilentRow(*row), times=times[row[0]], last_on=said[row[0]][0][1], last_text=said[row[0]][0][0])
        for row in session.execute(
            _listed(region_id, wanted).where(col(Obligation.id).in_(found)).order_by(col(Obligation.id))
        )
    ]
    return rows, (looked[-1],) if len(said) > looked_at else None
