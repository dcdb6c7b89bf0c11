"""Successions as the pages of administration show them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.domain.workflow import LIVE
from app.drafts.department_register import Certainty, SuccessionKind
from app.models import Account, Department, Obligation, Plan, Succession, Task
from app.models.account import IN_DEPARTMENT, AccountRole
from app.queries.successions import steps_of_region


class Fate(StrEnum):
    """What has become of a succession."""

    WAITS = "waits"
    DONE = "done"
    UNDONE = "undone"


@dataclass(slots=True)
class SuccessionAct:
    """What was recorded together, under the id of its first row. `predecessors` and `successors`: (id, name).

    `by` is None for what a register file says. `on_file`: nobody has carried it out yet though its day has come.
    """

    id: int
    kind: SuccessionKind
    on: date
    certainty: Certainty
    document: str
    note: str
    predecessors: list[tuple[int, str]]
    successors: list[tuple[int, str]]
    applied_at: datetime | None
    recorded_at: datetime | None
    by: str | None
    undone_at: datetime | None
    undone_by: str | None

    @property
    def fate(self) -> Fate:
        if self.undone_at is not None:
            return Fate.UNDONE
        return Fate.WAITS if self.applied_at is None else Fate.DONE


def succession_acts(session: Session, region_id: int) -> list[SuccessionAct]:
    """The newest day first; a region has some dozens."""
    rows = session.exec(
        select(Succession)
        .where(Succession.region_id == region_id)
        .order_by(col(Succession.on).desc(), col(Succession.id))
    ).all()
    acts: dict[object, SuccessionAct] = {}
    names, people = _names(session, region_id, rows)
    for row in rows:
        split = row.kind is SuccessionKind.SPLIT
        key = row.act_id or (("split", row.predecessor_id, row.on, row.undone_at) if split else ("row", row.id))
        act = acts.get(key)
        if act is None:
            act = acts[key] = SuccessionAct(
                id=row.id or 0,
                kind=row.kind,
                on=row.on,
                certainty=row.certainty,
                document=row.document,
                note=row.note,
                predecessors=[],
                successors=[],
                applied_at=row.applied_at,
                recorded_at=row.recorded_at,
                by=people.get(row.recorded_by),
                undone_at=row.undone_at,
                undone_by=people.get(row.undone_by),
            )
        for found, department in ((act.predecessors, row.predecessor_id), (act.successors, row.successor_id)):
            if (department, names[department]) not in found:
                found.append((department, names[department]))
    return list(acts.values())


def _names(
    session: Session, region_id: int, rows: Sequence[Succession]
) -> tuple[Mapping[int, str], Mapping[int | None, str]]:
    departments = session.execute(select(Department.id, Department.name).where(Department.region_id == region_id))
    people = {key for row in rows for key in (row.recorded_by, row.undone_by)}
    accounts = session.execute(select(Account.id, Account.name).where(col(Account.id).in_(people - {None})))
    return {key or 0: name for key, name in departments}, dict(accounts.all())


def present_departments(session: Session, region_id: int, today: date) -> list[str]:
    """Those that nobody has followed yet, in the order of the register."""
    gone = {step.predecessor for step in steps_of_region(session, region_id, until=today) if step.ends}
    statement = (
        select(Department.id, Department.name)
        .where(Department.region_id == region_id, col(Department.never_used).is_(False))
        .order_by(col(Department.position), col(Department.id))
    )
    return [name for key, name in session.exec(statement) if key not in gone]


@dataclass(frozen=True, slots=True)
class TaskToDivide:
    """`open`: how many obligations the department has on it that are not done."""

    id: int
    plan_title: str
    number: str
    title: str
    open: int


def tasks_to_divide(session: Session, region_id: int, department_id: int) -> list[TaskToDivide]:
    """Every task on which the department owes something, plan by plan."""
    columns = [col(Task.id), col(Plan.title), col(Task.number), col(Task.title)]
    statement = (
        select_columns(*columns, func.count())
        .select_from(Obligation)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Plan, col(Plan.id) == Task.plan_id)
        .where(
            col(Obligation.region_id) == region_id,
            col(Obligation.department_id) == department_id,
            col(Obligation.state).in_(LIVE),
        )
        .group_by(*columns, col(Plan.id), col(Task.position))
        .order_by(col(Plan.id), col(Task.position))
    )
    return [TaskToDivide(*row) for row in session.execute(statement)]


@dataclass(frozen=True, slots=True)
class AccountToMove:
    id: int
    name: str
    role: AccountRole
    department: str


def accounts_to_move(session: Session, departments: Collection[int]) -> list[AccountToMove]:
    """Liaisons and heads in use."""
    statement = (
        select_columns(col(Account.id), col(Account.name), col(Account.role), col(Department.name))
        .join(Department, col(Department.id) == Account.department_id)
        .where(
            col(Account.department_id).in_(departments),
            col(Account.role).in_(IN_DEPARTMENT),
            col(Account.active).is_(True),
        )
        .order_by(col(Department.position), col(Account.id))
    )
    return [AccountToMove(*row) for row in session.execute(statement)]
