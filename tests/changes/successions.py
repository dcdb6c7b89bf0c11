"""Successions as a secretary records them, for tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from app.changes.check_succession import Heir, WantedSuccession
from app.changes.preview_succession import TriedSuccession, confirm_succession, try_succession
from app.changes.undo_succession import undo_succession
from app.clock import local_day
from app.db import Database
from app.domain.workflow import State
from app.drafts.department_register import DepartmentKind, SuccessionKind
from app.models import Account, Department, Obligation, Region, Succession, Task
from app.queries.verify import Checked, frozen_list_findings, history_findings
from tests.conftest import NOW

DAY = date(2024, 6, 1)


def region(session: Session) -> Region:
    return session.exec(select(Region).where(Region.code == "test")).one()


def wanted(
    kind: SuccessionKind,
    old: str | Sequence[str],
    new: str | Sequence[str],
    *,
    on: date | None = DAY,
    tasks: Mapping[int, int] | None = None,
    accounts: Mapping[int, int | None] | None = None,
    aliases: Sequence[str] = (),
) -> WantedSuccession:
    predecessors = [old] if isinstance(old, str) else old
    heirs = [new] if isinstance(new, str) else new
    return WantedSuccession(
        kind=kind,
        predecessors=predecessors,
        heirs=[Heir(name, DepartmentKind.GOVERNMENT, aliases) for name in heirs],
        on=on,
        document="测编〔2024〕1号",
        tasks=tasks or {},
        accounts=accounts or {},
    )


@dataclass(frozen=True)
class Office:
    """A secretary at work: every step is a transaction of its own."""

    database: Database

    @property
    def secretary(self) -> int:
        with self.database.reading() as session:
            return session.exec(select(Account.id).where(Account.login == "秘书处")).one() or 0

    def account(self, login: str) -> Account:
        with self.database.reading() as session:
            return session.exec(select(Account).where(Account.login == login)).one()

    def task(self, number: str) -> int:
        with self.database.reading() as session:
            return session.exec(select(Task.id).where(Task.number == number)).one() or 0

    def department(self, name: str) -> int:
        with self.database.reading() as session:
            return (
                session.exec(
                    select(Department.id).where(Department.name == name, Department.region_id == region(session).id)
                ).one()
                or 0
            )

    def tried(self, asked: WantedSuccession, now: datetime = NOW) -> TriedSuccession:
        by = self.secretary
        with self.database.writing() as session:
            return try_succession(session, region(session), asked, now=now, by=by)

    def record(self, asked: WantedSuccession, now: datetime = NOW) -> int:
        mark, by = self.tried(asked, now).mark, self.secretary
        with self.database.writing() as session:
            return confirm_succession(session, region(session), asked, mark=mark, now=now, by=by)

    def undo(self, key: int, now: datetime = NOW) -> None:
        by = self.secretary
        with self.database.writing() as session:
            undo_succession(
                session,
                region(session),
                session.get_one(Succession, key),
                now=now,
                by=by,
                today=local_day(now, "Asia/Shanghai"),
            )

    def owners(self, *states: State, task: str | None = None) -> list[str]:
        with self.database.reading() as session:
            statement = (
                select(Department.name)
                .join(Obligation, col(Obligation.department_id) == Department.id)
                .join(Task, col(Task.id) == Obligation.task_id)
                .where(col(Obligation.state).in_(states or [State.OPEN]))
                .order_by(col(Obligation.id))
            )
            return list(session.exec(statement if task is None else statement.where(Task.number == task)).all())

    def standings(self) -> list[tuple[object, ...]]:
        """Everything that can be said of the obligations but how often they changed."""
        with self.database.reading() as session:
            rows = session.exec(select(Obligation).order_by(col(Obligation.id))).all()
            return [tuple(row.model_dump(exclude={"revision"}).values()) for row in rows]

    def findings(self) -> list[str]:
        with self.database.reading() as session:
            checked = Checked()
            return [*history_findings(session, checked), *frozen_list_findings(session, checked)]
