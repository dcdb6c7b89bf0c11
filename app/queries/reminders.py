"""What a run of reminders reads: who hears, what is open, what was said before."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.domain.digest import Hearer, fold_said
from app.domain.reminder_rules import MADE_UP_DAYS, Counting, Pace
from app.domain.reminders import Hearing, Ladders, Matter, Said
from app.domain.workflow import WAITING_FOR_DEPARTMENT, EventKind, State
from app.models import (
    Account,
    Department,
    Digest,
    DigestRun,
    Milestone,
    Obligation,
    ObligationEvent,
    Phase,
    Plan,
    Task,
)
from app.models.account import AccountRole
from app.models.digest_run import RunKind
from app.queries.handovers import told_for

# What was to be said longer ago than MADE_UP_DAYS is said no more, so what was said before that is no matter.
MEMORY = timedelta(days=MADE_UP_DAYS + 5)
_HOLIDAY = 15  # days: a rung moves to the last working day before one
FIRST_LOOK = timedelta(days=7)  # what the first run of a region calls new
# A publication that was under way while the last run read is looked at again; what was said is known and not repeated.
OVERLAP = timedelta(hours=1)
_HEARS = {AccountRole.LIAISON: Hearing.DEPARTMENT, AccountRole.HEAD: Hearing.COPY}
_MATTER: list[Any] = [
    col(Obligation.id).label("obligation_id"),
    col(Obligation.department_id).label("department_id"),
    col(Plan.title).label("plan_title"),
    col(Task.number).label("task_number"),
    col(Task.title).label("task_title"),
    col(Phase.name).label("phase"),
    col(Obligation.role).label("role"),
    col(Obligation.state).label("state"),
    col(Obligation.due).label("due"),
    col(Obligation.first_due).label("first_due"),
    col(Obligation.revision).label("revision"),
    col(Obligation.plan_id).label("plan_id"),
]
_CAME = (EventKind.OPENED, EventKind.REOPENED, EventKind.TRANSFERRED)


@dataclass(frozen=True, slots=True)
class Person:
    """An active account that may get mail. Secretariats have no department and no hearing of their own."""

    account_id: int
    name: str
    email: str | None
    role: AccountRole
    department_id: int | None
    department: str | None
    pace: Pace

    @property
    def hearer(self) -> Hearer | None:
        if self.department_id is None or self.role not in _HEARS:
            return None
        return Hearer(self.account_id, frozenset({self.department_id}), _HEARS[self.role], self.pace)


def people(
    session: Session,
    region_id: int,
    *,
    roles: Sequence[AccountRole] = tuple(_HEARS),
    after: int = 0,
    limit: int,
) -> list[Person]:
    """Active accounts of these roles with or without an address, by id; `after` is the last id that was seen."""
    statement = (
        select_columns(
            col(Account.id),
            col(Account.name),
            col(Account.email),
            col(Account.role),
            col(Account.department_id),
            col(Department.name),
            col(Account.pace),
        )
        .outerjoin(Department, col(Department.id) == Account.department_id)
        .where(
            col(Account.region_id) == region_id,
            col(Account.active).is_(True),
            col(Account.role).in_(roles),
            col(Account.id) > after,
        )
        .order_by(col(Account.id))
        .limit(limit)
    )
    return [Person(*row) for row in session.execute(statement)]


def new_since(session: Session, region_id: int, now: datetime) -> datetime:
    """About the moment of the last daily run: what came later is new, unless it was said already."""
    last = session.exec(
        select(func.max(DigestRun.made_at)).where(DigestRun.region_id == region_id, DigestRun.kind == RunKind.DAILY)
    ).one()
    return last - OVERLAP if last else now - FIRST_LOOK


def open_matters(
    session: Session,
    region_id: int,
    departments: Sequence[int],
    ladders: Ladders,
    *,
    new_since: datetime,
    now: datetime,
) -> list[Matter]:
    """What the departments owe and a run of that day may have to speak of; most of what is far away is left out."""
    came_lately = select(ObligationEvent.obligation_id).where(
        ObligationEvent.region_id == region_id,
        col(ObligationEvent.state).in_(WAITING_FOR_DEPARTMENT),
        col(ObligationEvent.kind).in_(_CAME),
        col(ObligationEvent.recorded_at) > new_since,
    )
    worth_saying = or_(
        col(Obligation.due) <= ladders.day + _horizon(ladders),
        col(Obligation.state) == State.RETURNED,
        col(Obligation.id).in_(came_lately),
    )
    owed = (
        col(Obligation.region_id) == region_id,
        col(Obligation.department_id).in_(departments),
        col(Obligation.state).in_(WAITING_FOR_DEPARTMENT),
        worth_saying,
    )
    news = _news(session, owed, new_since=new_since, remembered=now - MEMORY)
    statement = (
        select_columns(*_MATTER)
        .select_from(Obligation)
        .join(Plan, col(Plan.id) == Obligation.plan_id)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .where(*owed)
    )
    return [
        Matter(**row._mapping, **news.get(row.obligation_id, {}))  # noqa: SLF001 (SQLAlchemy's public name for it)
        for row in session.execute(statement)
    ]


def _horizon(ladders: Ladders) -> timedelta:
    """How far ahead a first rung may lie."""
    days = 0
    for rules in (ladder.rules for ladder in ladders.all):
        first = max(rules.rungs, default=0)
        # Five days are worked in a week at the most often, and weeks with less are holidays.
        days = max(days, first if rules.counting is Counting.CALENDAR else first * 7 // 5 + _HOLIDAY)
    return timedelta(days=days + _HOLIDAY)


def _news(
    session: Session, owed: Sequence[ColumnElement[bool]], *, new_since: datetime, remembered: datetime
) -> Mapping[int, dict[str, Any]]:
    """The last return that is still remembered, and the last coming since the last run, by obligation."""
    lately = or_(
        and_(
            col(ObligationEvent.kind) == EventKind.RETURNED,
            col(Obligation.state) == State.RETURNED,
            col(ObligationEvent.recorded_at) > remembered,
        ),
        and_(col(ObligationEvent.kind).in_(_CAME), col(ObligationEvent.recorded_at) > new_since),
    )
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    for obligation_id, kind, seq, reason in session.execute(
        select_columns(
            col(ObligationEvent.obligation_id),
            col(ObligationEvent.kind),
            col(ObligationEvent.seq),
            col(ObligationEvent.reason),
        )
        .join(Obligation, col(Obligation.id) == ObligationEvent.obligation_id)
        .where(*owed, lately)
        .order_by(col(ObligationEvent.obligation_id), col(ObligationEvent.seq))
    ):
        known = found[obligation_id]
        if kind is EventKind.RETURNED:
            known |= {"returned_at": seq, "reason": reason}
        else:
            known["opened_at"] = seq
    return found


def said_before(session: Session, region_id: int, accounts: Sequence[int], day: date) -> dict[tuple[int, int], Said]:
    """The last that each account was told of each obligation by mails of either kind, as far back as it matters.

    What somebody was told whose work was handed over counts as told to who took it over, until the day of it.
    """
    heirs = told_for(session, region_id, accounts, since=day - MEMORY)
    runs: dict[int, list[tuple[date, list[dict[str, Any]]]]] = defaultdict(list)
    for account_id, on, items in session.execute(
        select_columns(col(Digest.account_id), col(DigestRun.run_date), col(Digest.items))
        .join(DigestRun, col(DigestRun.id) == Digest.run_id)
        .where(
            col(DigestRun.region_id) == region_id,
            col(DigestRun.run_date) > day - MEMORY,
            col(Digest.account_id).in_(list(heirs)),
        )
        .order_by(col(DigestRun.run_date), col(DigestRun.id))
    ):
        for heir, until in heirs[account_id]:
            if on <= until:
                runs[heir].append((on, items))
    return {
        (account_id, obligation_id): what
        for account_id, told in runs.items()
        for obligation_id, what in fold_said(told).items()
    }
