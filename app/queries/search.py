"""Finds words in what a region's plans say and what its departments reported; any part of a Chinese word will do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from app.domain.search import Kind
from app.models import (
    Department,
    DepartmentAlias,
    Indicator,
    Measure,
    Milestone,
    Obligation,
    Phase,
    Plan,
    ProgressUpdate,
    Task,
)

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """`key` is the id of the row found, `target` what its page is addressed by: a task's or an indicator's number,
    the id of a department or of an obligation. `text` is what the words were found in.
    """

    key: int
    target: str
    title: str
    text: str
    plan_code: str = ""
    plan_title: str = ""
    department: str = ""
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """`after` is the key to go on behind, where there is more."""

    hits: Sequence[Hit]
    after: int | None


@dataclass(frozen=True, slots=True)
class Scope:
    """Where one may look. Reports are read in the whole region, or on the tasks in which the department takes part."""

    region_id: int
    all_reports: bool
    department_id: int | None


def search(
    session: Session, scope: Scope, kind: Kind, words: Sequence[str], *, after: int | None = None, limit: int = SHOWN
) -> Found:
    """Rows that hold every word, reports newest first; upper and lower case are one."""
    statement = _STATEMENTS[kind](scope, words)
    column = _KEYS[kind]
    newest_first = kind is Kind.REPORT
    if after is not None:
        statement = statement.where(column < after if newest_first else column > after)
    statement = statement.order_by(column.desc() if newest_first else column).limit(limit + 1)
    hits = [Hit(**row._mapping) for row in session.execute(statement)]  # noqa: SLF001 (SQLAlchemy's public name for it)
    return Found(hits[:limit], hits[limit - 1].key if len(hits) > limit else None)


def _holds(words: Sequence[str], *columns: Any) -> ColumnElement[bool]:
    return and_(*(or_(*(col(column).icontains(word, autoescape=True) for column in columns)) for word in words))


def _of_plan(key: Any, target: Any, title: Any, text: Any) -> Select[Any]:
    columns: list[Any] = [
        col(key).label("key"),
        col(target).label("target"),
        col(title).label("title"),
        col(text).label("text"),
        col(Plan.code).label("plan_code"),
        col(Plan.title).label("plan_title"),
    ]
    return select_columns(*columns)


def _tasks(scope: Scope, words: Sequence[str]) -> Select[Any]:
    return (
        _of_plan(Task.id, Task.number, Task.title, Task.title)
        .join(Plan, col(Plan.id) == Task.plan_id)
        .where(
            col(Plan.region_id) == scope.region_id,
            col(Task.withdrawn).is_(False),
            _holds(words, Task.title, Task.number),
        )
    )


def _measures(scope: Scope, words: Sequence[str]) -> Select[Any]:
    return (
        _of_plan(Measure.id, Task.number, Task.title, Measure.text)
        .join(Task, col(Task.id) == Measure.task_id)
        .join(Plan, col(Plan.id) == Task.plan_id)
        .where(col(Plan.region_id) == scope.region_id, col(Task.withdrawn).is_(False), _holds(words, Measure.text))
    )


def _indicators(scope: Scope, words: Sequence[str]) -> Select[Any]:
    return (
        _of_plan(Indicator.id, Indicator.number, Indicator.name, Indicator.name)
        .join(Plan, col(Plan.id) == Indicator.plan_id)
        .where(
            col(Plan.region_id) == scope.region_id, col(Indicator.withdrawn).is_(False), _holds(words, Indicator.name)
        )
    )


def _departments(scope: Scope, words: Sequence[str]) -> Select[Any]:
    also_called = exists().where(
        col(DepartmentAlias.department_id) == Department.id, _holds(words, DepartmentAlias.name)
    )
    columns: list[Any] = [
        col(Department.id).label("key"),
        col(Department.id).label("target"),
        col(Department.name).label("title"),
        col(Department.name).label("text"),
    ]
    return select_columns(*columns).where(
        col(Department.region_id) == scope.region_id,
        col(Department.never_used).is_(False),
        or_(_holds(words, Department.name), also_called),
    )


def _reports(scope: Scope, words: Sequence[str]) -> Select[Any]:
    # Concatenated for the excerpt: the word may stand in any of the three.
    said = col(ProgressUpdate.text) + " " + col(ProgressUpdate.difficulties) + " " + col(ProgressUpdate.next_step)
    columns: list[Any] = [
        col(ProgressUpdate.id).label("key"),
        col(ProgressUpdate.obligation_id).label("target"),
        (col(Task.number) + " " + col(Task.title) + " · " + col(Phase.name)).label("title"),
        said.label("text"),
        col(Plan.code).label("plan_code"),
        col(Plan.title).label("plan_title"),
        col(Department.name).label("department"),
        col(ProgressUpdate.on).label("on"),
    ]
    statement = (
        select_columns(*columns)
        .select_from(ProgressUpdate)
        .join(Obligation, col(Obligation.id) == ProgressUpdate.obligation_id)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .join(Plan, col(Plan.id) == Obligation.plan_id)
        .join(Department, col(Department.id) == ProgressUpdate.department_id)
        .where(
            col(ProgressUpdate.region_id) == scope.region_id,
            _holds(words, ProgressUpdate.text, ProgressUpdate.difficulties, ProgressUpdate.next_step),
        )
    )
    if scope.all_reports:
        return statement
    own = select_columns(col(Obligation.task_id)).where(col(Obligation.department_id) == scope.department_id)
    return statement.where(col(Obligation.task_id).in_(own))


_STATEMENTS = {
    Kind.TASK: _tasks,
    Kind.MEASURE: _measures,
    Kind.INDICATOR: _indicators,
    Kind.DEPARTMENT: _departments,
    Kind.REPORT: _reports,
}
_KEYS: dict[Kind, Any] = {
    Kind.TASK: col(Task.id),
    Kind.MEASURE: col(Measure.id),
    Kind.INDICATOR: col(Indicator.id),
    Kind.DEPARTMENT: col(Department.id),
    Kind.REPORT: col(ProgressUpdate.id),
}
