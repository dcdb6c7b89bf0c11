"""The accounts of a region, and which departments nobody speaks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, func, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.domain.workflow import WAITING_FOR_DEPARTMENT
from app.drafts.department_register import SuccessionKind
from app.models import Account, AccountSession, Department, Obligation, Succession
from app.models.account import AccountRole

PAGE = 50


class Standing(StrEnum):
    ACTIVE = "active"
    CLOSED = "closed"
    NO_MAIL = "no_mail"
    BOUNCED = "bounced"


@dataclass(frozen=True, slots=True)
class AccountFilter:
    role: AccountRole | None = None
    department_id: int | None = None
    standing: Standing | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """`seen_at`: when it was last here, as far as a session still tells. `mail_fault`: why its mail came back."""

    id: int
    login: str
    name: str
    role: AccountRole
    department: str | None
    email: str | None
    active: bool
    mail_fault: str
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountPage:
    """`after` asks for the next page; None on the last one."""

    rows: Sequence[AccountRow]
    after: int | None


def accounts(
    session: Session, region_id: int, wanted: AccountFilter, *, after: int = 0, limit: int = PAGE
) -> AccountPage:
    """In the order in which they were added."""
    seen = (
        select_columns(func.max(col(AccountSession.seen_at)))
        .where(col(AccountSession.account_id) == col(Account.id))
        .scalar_subquery()
    )
    statement = (
        select_columns(
            col(Account.id),
            col(Account.login),
            col(Account.name),
            col(Account.role),
            col(Department.name),
            col(Account.email),
            col(Account.active),
            col(Account.mail_fault),
            seen,
        )
        .outerjoin(Department, col(Department.id) == Account.department_id)
        .where(col(Account.region_id) == region_id, col(Account.id) > after, *_conditions(wanted))
        .order_by(col(Account.id))
        .limit(limit + 1)
    )
    rows = [AccountRow(*row) for row in session.execute(statement)]
    return AccountPage(rows[:limit], rows[limit - 1].id if len(rows) > limit else None)


def _conditions(wanted: AccountFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.role is not None:
        found.append(col(Account.role) == wanted.role)
    if wanted.department_id is not None:
        found.append(col(Account.department_id) == wanted.department_id)
    match wanted.standing:
        case Standing.ACTIVE:
            found.append(col(Account.active).is_(True))
        case Standing.CLOSED:
            found.append(col(Account.active).is_(False))
        case Standing.NO_MAIL:
            found += [col(Account.active).is_(True), no_mail()]
        case Standing.BOUNCED:
            found += [col(Account.active).is_(True), came_back()]
    if wanted.text:
        columns = (Account.login, Account.name, Account.email)
        found.append(or_(*(col(column).icontains(wanted.text, autoescape=True) for column in columns)))
    return found


def name_is_taken(session: Session, region_id: int, name: str) -> bool:
    found = session.exec(select(Account.id).where(Account.region_id == region_id, Account.name == name).limit(1))
    return found.first() is not None


def came_back() -> ColumnElement[bool]:
    """Its mail was returned for good since its address was entered."""
    return col(Account.mail_fault) != ""


def no_mail() -> ColumnElement[bool]:
    return func.coalesce(col(Account.email), "") == ""


@dataclass(frozen=True, slots=True)
class Unheard:
    """A department whose reminders reach no liaison. `waiting`: its obligations that wait for a report.

    `liaisons`: its active liaisons, none of whom has a mail address.
    """

    id: int
    name: str
    waiting: int
    liaisons: int


def departments_without_liaison(session: Session, region_id: int, today: date) -> list[Unheard]:
    """Those with most to do first; a department whose duties have gone to another one counts while it owes something.

    Three aggregates in one statement: a region's register has some hundred departments.
    """
    waiting = (
        select_columns(col(Obligation.department_id).label("department_id"), func.count().label("waiting"))
        .where(col(Obligation.region_id) == region_id, col(Obligation.state).in_(WAITING_FOR_DEPARTMENT))
        .group_by(col(Obligation.department_id))
        .subquery()
    )
    told = (
        select_columns(
            col(Account.department_id).label("department_id"),
            func.count().label("liaisons"),
            func.count(func.nullif(col(Account.email), "")).label("with_mail"),
        )
        .where(
            col(Account.region_id) == region_id,
            col(Account.role) == AccountRole.LIAISON,
            col(Account.active).is_(True),
        )
        .group_by(col(Account.department_id))
        .subquery()
    )
    gone = (
        select(Succession.id)
        .where(
            col(Succession.predecessor_id) == col(Department.id),
            col(Succession.on) <= today,
            col(Succession.kind) != SuccessionKind.TRANSFER,  # which leaves the department in its place
            col(Succession.undone_at).is_(None),
        )
        .exists()
    )
    owed = func.coalesce(waiting.c.waiting, 0)
    statement = (
        select_columns(col(Department.id), col(Department.name), owed, func.coalesce(told.c.liaisons, 0))
        .outerjoin(waiting, waiting.c.department_id == col(Department.id))
        .outerjoin(told, told.c.department_id == col(Department.id))
        .where(
            col(Department.region_id) == region_id,
            col(Department.never_used).is_(False),
            func.coalesce(told.c.with_mail, 0) == 0,
            or_(~gone, owed > 0),
        )
        .order_by(owed.desc(), col(Department.position), col(Department.id))
    )
    return [Unheard(*row) for row in session.execute(statement)]


def department_names(session: Session, region_id: int) -> list[tuple[int, str]]:
    """(id, name) in the order of the register."""
    return [
        (key, name)
        for key, name in session.execute(
            select_columns(col(Department.id), col(Department.name))
            .where(col(Department.region_id) == region_id, col(Department.never_used).is_(False))
            .order_by(col(Department.position), col(Department.id))
        )
    ]
