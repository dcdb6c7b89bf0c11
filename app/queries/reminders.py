"""Who hears of a run of reminders, and since when things are new to them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from app.domain.digest import Hearer
from app.domain.reminder_rules import Pace
from app.domain.reminders import Hearing
from app.models import (
    Account,
    Department,
    DigestRun,
)
from app.models.account import AccountRole
from app.models.digest_run import RunKind
from app.queries.reminder_rules import charges

FIRST_LOOK = timedelta(days=7)  # what the first run of a region calls new
# Who hears weekly is told of it in the week after, and weeks may have no working day.
WEEKLY_LOOK = timedelta(days=28)
# A publication that was under way while the last run read is looked at again; what was said is known and not repeated.
OVERLAP = timedelta(hours=1)
_IN_DEPARTMENT = {AccountRole.LIAISON: Hearing.DEPARTMENT, AccountRole.HEAD: Hearing.COPY}
HEARS = (*_IN_DEPARTMENT, AccountRole.SECRETARIAT, AccountRole.LEADER)


@dataclass(frozen=True, slots=True)
class Person:
    """An active account that may get mail, and how its owner wants it.

    `charge`: of a leader, the departments in his charge, None for all. `second_factor`: whether one was set up.
    """

    account_id: int
    name: str
    email: str | None
    role: AccountRole
    department_id: int | None
    department: str | None
    pace: Pace
    attach_calendar: bool = False
    attach_sheet: bool = False
    one_click: bool = True
    second_factor: bool = False
    charge: frozenset[int] | None = frozenset()

    @property
    def hearer(self) -> Hearer | None:
        match self.role:
            case AccountRole.SECRETARIAT:
                return Hearer(self.account_id, None, Hearing.SECRETARIAT)
            case AccountRole.LEADER if self.charge is None or self.charge:
                return Hearer(self.account_id, self.charge, Hearing.LEADER)
            case AccountRole.LIAISON | AccountRole.HEAD if self.department_id is not None:
                own = frozenset({self.department_id})
                return Hearer(self.account_id, own, _IN_DEPARTMENT[self.role], self.pace)
            case _:
                return None


def people(
    session: Session,
    region_id: int,
    *,
    roles: Sequence[AccountRole] = HEARS,
    after: int = 0,
    limit: int,
    only: Sequence[ColumnElement[bool]] = (),
) -> list[Person]:
    """Active accounts of these roles with or without an address, by id; `after` is the last id that was seen.

    `only`: further conditions on the account.
    """
    statement = (
        select_columns(
            col(Account.id),
            col(Account.name),
            col(Account.email),
            col(Account.role),
            col(Account.department_id),
            col(Department.name),
            col(Account.pace),
            col(Account.attach_calendar),
            col(Account.attach_sheet),
            col(Account.one_click),
            col(Account.totp_secret).is_not(None),
        )
        .outerjoin(Department, col(Department.id) == Account.department_id)
        .where(
            col(Account.region_id) == region_id,
            col(Account.active).is_(True),
            col(Account.role).in_(roles),
            col(Account.id) > after,
            *only,
        )
        .order_by(col(Account.id))
        .limit(limit)
    )
    found = [Person(*row) for row in session.execute(statement)]
    if not any(person.role is AccountRole.LEADER for person in found):
        return found
    named = charges(session, region_id)
    return [
        replace(person, charge=named.get(person.account_id, frozenset()))
        if person.role is AccountRole.LEADER
        else person
        for person in found
    ]


def new_since(session: Session, region_id: int, now: datetime) -> datetime:
    """What came later is new, unless it was said already: before the last daily run, and never behind the first."""
    # A run that did not reach everybody leaves what it would have called new to the next one.
    told_all = func.max(col(DigestRun.made_at)).filter(col(DigestRun.cut_short).is_(False))
    first, last = session.execute(
        select_columns(func.min(col(DigestRun.made_at)), told_all).where(
            col(DigestRun.region_id) == region_id, col(DigestRun.kind) == RunKind.DAILY
        )
    ).one()
    if first is None:
        return now - FIRST_LOOK
    earliest: datetime = first - FIRST_LOOK
    return earliest if last is None else max(min(last - OVERLAP, now - WEEKLY_LOOK), earliest)
