"""Answers that came by mail, for the department that is to confirm them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.domain.workflow import WAITING_FOR_DEPARTMENT, Role, State
from app.models import Account, InboundMail, MailedAnswer, Milestone, Obligation, Phase, Plan, Task
from app.models.mailed_answer import AnswerState

PAGE = 30
SETTLED = 20
_MOST_ITEMS = 300


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """`typed`: see MailedAnswer. The columns of the obligation are None where nobody knows of which it speaks.

    `sender`: the account's name now. `outcome` says what of the mail was not taken.
    """

    id: int
    state: AnswerState
    typed: Mapping[str, Any]
    created_at: datetime
    settled_at: datetime | None
    settled_by: str | None
    account_id: int
    sender: str
    from_address: str
    subject: str
    outcome: str
    obligation_id: int | None
    obligation_state: State | None
    task_number: str | None
    task_title: str | None
    phase: str | None
    plan_title: str | None
    due: date | None

    @property
    def may_be_taken(self) -> bool:
        return self.obligation_state is None or self.obligation_state in WAITING_FOR_DEPARTMENT


@dataclass(frozen=True, slots=True)
class OpenItem:
    id: int
    task_number: str
    task_title: str
    phase: str
    role: Role
    due: date | None


def _of_department(department_id: int) -> ColumnElement[bool]:
    """A duty that has moved takes its answers along."""
    return or_(
        col(Obligation.department_id) == department_id,
        and_(col(MailedAnswer.obligation_id).is_(None), col(MailedAnswer.department_id) == department_id),
    )


def answers_waiting(session: Session, region_id: int, department_id: int) -> int:
    found: int = session.execute(
        select_columns(func.count())
        .select_from(MailedAnswer)
        .outerjoin(Obligation, col(Obligation.id) == MailedAnswer.obligation_id)
        .where(
            col(MailedAnswer.region_id) == region_id,
            col(MailedAnswer.state) == AnswerState.WAITING,
            _of_department(department_id),
        )
    ).scalar_one()
    return found


def answers_of(
    session: Session, region_id: int, department_id: int, *, waiting: bool, limit: int = PAGE
) -> Sequence[AnswerRow]:
    """Those that wait, oldest first; or those that were settled, newest first."""
    state = col(MailedAnswer.state)
    settler = aliased(Account)
    columns: list[Any] = [
        col(MailedAnswer.id),
        state,
        col(MailedAnswer.typed),
        col(MailedAnswer.created_at),
        col(MailedAnswer.settled_at),
        col(settler.name),
        func.coalesce(col(InboundMail.account_id), 0),
        func.coalesce(col(Account.name), ""),
        col(InboundMail.from_address),
        col(InboundMail.subject),
        col(InboundMail.outcome),
        col(MailedAnswer.obligation_id),
        col(Obligation.state),
        col(Task.number),
        col(Task.title),
        col(Phase.name),
        col(Plan.title),
        col(Obligation.due),
    ]
    statement = (
        select_columns(*columns)
        .select_from(MailedAnswer)
        .join(InboundMail, col(InboundMail.id) == MailedAnswer.inbound_id)
        .outerjoin(Account, col(Account.id) == InboundMail.account_id)
        .outerjoin(settler, col(settler.id) == MailedAnswer.settled_by)
        .outerjoin(Obligation, col(Obligation.id) == MailedAnswer.obligation_id)
        .outerjoin(Task, col(Task.id) == Obligation.task_id)
        .outerjoin(Plan, col(Plan.id) == Obligation.plan_id)
        .outerjoin(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .outerjoin(Phase, col(Phase.id) == Milestone.phase_id)
        .where(
            col(MailedAnswer.region_id) == region_id,
            state == AnswerState.WAITING if waiting else state != AnswerState.WAITING,
            _of_department(department_id),
        )
        .limit(limit)
    )
    key = col(MailedAnswer.id)
    statement = statement.order_by(key if waiting else col(MailedAnswer.settled_at).desc(), key)
    return [AnswerRow(*row) for row in session.execute(statement)]


def open_items(session: Session, region_id: int, department_id: int) -> Sequence[OpenItem]:
    """What the department may report on, to choose from."""
    statement = (
        select_columns(
            col(Obligation.id),
            col(Task.number),
            col(Task.title),
            col(Phase.name),
            col(Obligation.role),
            col(Obligation.due),
        )
        .select_from(Obligation)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .where(
            col(Obligation.region_id) == region_id,
            col(Obligation.department_id) == department_id,
            col(Obligation.state).in_(WAITING_FOR_DEPARTMENT),
        )
        .order_by(func.coalesce(col(Obligation.due), date.max), col(Obligation.id))
        .limit(_MOST_ITEMS)
    )
    return [OpenItem(*row) for row in session.execute(statement)]
