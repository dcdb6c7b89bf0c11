"""What is on record about a region's runs of this week and of days to come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, case, func, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.domain.coming_digests import Run, RunsKnown
from app.models import Account, DigestRun, OverdueList
from app.models.account import AccountRole
from app.models.digest_run import RunKind
from app.queries.run_holds import standing_holds


def runs_known(session: Session, region_id: int, today: date) -> RunsKnown:
    """Of this week and later."""
    monday = today - timedelta(days=today.weekday())
    made = {}
    for kind, day, reached, completed_at in session.execute(
        select_columns(
            col(DigestRun.kind), col(DigestRun.run_date), col(DigestRun.reached), col(DigestRun.completed_at)
        ).where(col(DigestRun.region_id) == region_id, col(DigestRun.run_date) >= monday)
    ):
        made[Run(day, daily=kind is RunKind.DAILY)] = None if completed_at else reached
    first = session.exec(select(func.min(DigestRun.run_date)).where(DigestRun.region_id == region_id)).one()
    held = {
        Run(hold.run_date, daily=hold.kind is RunKind.DAILY)
        for hold in standing_holds(session, region_id, since=monday)
    }
    return RunsKnown(
        made=frozenset(made),
        held=frozenset(held),
        first=first,
        reached={run: reached for run, reached in made.items() if reached is not None},
    )


def has_runs(session: Session, region_id: int) -> bool:
    """Whether the region has had a daily run."""
    asked = select(DigestRun.id).where(DigestRun.region_id == region_id, DigestRun.kind == RunKind.DAILY).limit(1)
    return session.exec(asked).first() is not None


def lists_since(session: Session, region_id: int, day: date) -> frozenset[date]:
    """The days of the lists that were frozen since `day`."""
    return frozenset(
        session.exec(
            select(col(OverdueList.as_of)).where(OverdueList.region_id == region_id, col(OverdueList.as_of) >= day)
        )
    )


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of the accounts that a run writes to are done."""

    done: int
    all: int


def progress(session: Session, run: DigestRun, roles: Sequence[AccountRole]) -> Progress:
    row = session.execute(
        select_columns(
            func.coalesce(func.sum(case((col(Account.id) <= run.reached, 1), else_=0)), 0), func.count()
        ).where(col(Account.region_id) == run.region_id, col(Account.active).is_(True), col(Account.role).in_(roles))
    ).one()
    return Progress(row[0], row[1])


def accounts_of_run(session: Session, region_id: int, roles: Sequence[AccountRole]) -> int:
    """How many accounts a run has to look at."""
    return session.exec(
        select(func.count()).where(
            col(Account.region_id) == region_id, col(Account.active).is_(True), col(Account.role).in_(roles)
        )
    ).one()


@dataclass(frozen=True, slots=True)
class Shown:
    """Which accounts a preview shows: of a department, of none at all (`above`), and with a name like `named`."""

    department_id: int | None = None
    above: bool = False
    named: str = ""

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.department_id is not None:
            found.append(col(Account.department_id) == self.department_id)
        if self.above:
            found.append(col(Account.department_id).is_(None))
        if self.named:
            found.append(
                or_(*(col(column).icontains(self.named, autoescape=True) for column in (Account.name, Account.email)))
            )
        return found


def mail_faults(session: Session, accounts: Sequence[int]) -> dict[int, str]:
    """Why mail to some of these accounts came back."""
    found = session.execute(
        select_columns(col(Account.id), col(Account.mail_fault)).where(
            col(Account.id).in_(accounts), col(Account.mail_fault) != ""
        )
    )
    return dict(found.all())
