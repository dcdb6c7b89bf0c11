"""Obligations and the reports on them key by key, within what their reader may open."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, tuple_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.domain.lights import Light
from app.domain.workflow import State
from app.models import Account, Department, Evidence, Obligation, ObligationEvent, ProgressUpdate
from app.queries.obligation_lights import light_column
from app.queries.obligations import FAR, ObligationRow, as_row, rows_statement
from app.queries.search import Scope


@dataclass(frozen=True, slots=True)
class ObligationsWanted:
    """None: all. `due_from` and `due_to` are both inside; with either only rows count that have a due date."""

    plan_id: int | None = None
    department_id: int | None = None
    state: State | None = None
    light: Light | None = None
    due_from: date | None = None
    due_to: date | None = None
    overdue: bool | None = None


def obligations_in_scope(
    session: Session,
    scope: Scope,
    wanted: ObligationsWanted,
    today: date,
    *,
    after: tuple[date, int] | None = None,
    limit: int,
) -> list[ObligationRow]:
    """By due date, what has none at the end (as FAR in the key), then by id.

    The scope is that of `access.obligation_for_reading`, asked of many at once.
    """
    statement = rows_statement().where(col(Obligation.region_id) == scope.region_id)
    if not scope.all_reports:
        own = select(Obligation.task_id).where(col(Obligation.department_id) == scope.department_id)
        statement = statement.where(col(Obligation.task_id).in_(own))
    if wanted.plan_id is not None:
        statement = statement.where(col(Obligation.plan_id) == wanted.plan_id)
    if wanted.department_id is not None:
        statement = statement.where(col(Obligation.department_id) == wanted.department_id)
    if wanted.state is not None:
        statement = statement.where(col(Obligation.state) == wanted.state)
    if wanted.light is not None:
        statement = statement.where(light_column(today) == wanted.light.value)
    if wanted.due_from is not None:
        statement = statement.where(col(Obligation.due) >= wanted.due_from)
    if wanted.due_to is not None:
        statement = statement.where(col(Obligation.due) <= wanted.due_to)
    if wanted.overdue is not None:
        late = light_column(today) == Light.OVERDUE.value
        statement = statement.where(late if wanted.overdue else ~late)
    keys: list[Any] = [func.coalesce(col(Obligation.due), FAR), col(Obligation.id)]
    if after is not None:
        statement = statement.where(tuple_(*keys) > after)
    return [as_row(row) for row in session.execute(statement.order_by(*keys).limit(limit))]


def obligation_row(session: Session, obligation_id: int) -> ObligationRow:
    return as_row(session.execute(rows_statement().where(col(Obligation.id) == obligation_id)).one())


@dataclass(frozen=True, slots=True)
class NumberedReport:
    """A report; `revision` is what the obligation came to by it."""

    said: ProgressUpdate
    department: str
    author: str
    revision: int
    evidence: Sequence[Evidence]


def reports_on(
    session: Session, obligation_id: int, *, update_id: int | None = None, before: int | None = None, limit: int
) -> list[NumberedReport]:
    """Newest first, those of an id below `before`; or the one of `update_id`."""
    columns: list[Any] = [ProgressUpdate, col(Department.name), col(Account.name), col(ObligationEvent.seq)]
    statement = (
        select_columns(*columns)
        .join(Department, col(Department.id) == ProgressUpdate.department_id)
        .join(Account, col(Account.id) == ProgressUpdate.author_id)
        .join(
            ObligationEvent,
            (col(ObligationEvent.obligation_id) == ProgressUpdate.obligation_id)
            & (col(ObligationEvent.update_id) == ProgressUpdate.id),
        )
        .where(col(ProgressUpdate.obligation_id) == obligation_id)
        .order_by(col(ProgressUpdate.id).desc())
        .limit(limit)
    )
    if update_id is not None:
        statement = statement.where(col(ProgressUpdate.id) == update_id)
    if before is not None:
        statement = statement.where(col(ProgressUpdate.id) < before)
    rows = session.execute(statement).all()
    files: dict[int, list[Evidence]] = defaultdict(list)
    for file in session.exec(
        select(Evidence)
        .where(col(Evidence.update_id).in_([said.id for said, *_rest in rows]))
        .order_by(col(Evidence.id))
    ):
        files[file.update_id].append(file)
    return [
        NumberedReport(said, department, author, revision, files[said.id or 0])
        for said, department, author, revision in rows
    ]


def report_by_key(session: Session, request_key: str) -> ProgressUpdate | None:
    return session.exec(select(ProgressUpdate).where(ProgressUpdate.request_key == request_key)).one_or_none()
