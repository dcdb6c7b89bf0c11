"""Tells what happened day by day: every step is committed on its own, through the same changes as in real use."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import event, text
from sqlmodel import Session, select

from app.changes.apply_successions import apply_successions
from app.changes.extend_due import decide_extension, request_extension
from app.changes.freeze_overdue_list import freeze_overdue_list
from app.changes.review_update import review_update
from app.changes.submit_update import Report, submit_update
from app.db import Database
from app.drafts.department_register import Certainty, SuccessionKind
from app.models import Department, Obligation, OverdueList, OverdueRow, Region, Succession
from app.models.progress_update import UpdateKind
from app.models.review import ReviewDecision
from app.queries.overdue_lists import frozen_rows
from tests.conftest import SHANGHAI


def at(day: date, hour: int = 9, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), SHANGHAI)


@dataclass(frozen=True)
class History:
    """The hours of a step matter only to lists that are frozen on the same day."""

    database: Database

    def key(self, department: str, task: str = "1.1", phase: str = "第一阶段") -> int:
        with self.database.reading() as session:
            key: int = session.execute(
                text(
                    "SELECT o.id FROM obligation o JOIN department d ON d.id = o.department_id JOIN task t ON t.id = o.task_id"
                    " JOIN milestone m ON m.id = o.milestone_id JOIN phase p ON p.id = m.phase_id"
                    " WHERE d.name = :department AND t.number = :task AND p.name = :phase"
                ),
                {"department": department, "task": task, "phase": phase},
            ).scalar_one()
        return key

    def account(self, login: str) -> int:
        with self.database.reading() as session:
            found: int = session.execute(
                text("SELECT id FROM account WHERE login = :login"), {"login": login}
            ).scalar_one()
        return found

    def submit(self, key: int, day: date, hour: int = 9, *, said: str = "已完成", complete: bool = True) -> None:
        kind = UpdateKind.COMPLETION if complete else UpdateKind.INTERIM
        with self.database.writing() as session:
            row = session.get_one(Obligation, key)
            report = Report(row.revision, kind, said, percent=100 if complete else 40)
            submit_update(session, row, report, by=self.account("甲局联络员"), now=at(day, hour), today=day)

    def review(self, key: int, decision: ReviewDecision, day: date, hour: int = 9) -> None:
        with self.database.writing() as session:
            row = session.get_one(Obligation, key)
            review_update(
                session,
                row,
                decision,
                reason="请补充材料",
                revision=row.revision,
                by=self.account("秘书处"),
                now=at(day, hour),
                today=day,
            )

    def accept(self, key: int, day: date, hour: int = 9) -> None:
        """Submitted and accepted on one day."""
        self.submit(key, day, hour)
        self.review(key, ReviewDecision.ACCEPTED, day, hour)

    def ask(self, key: int, day: date, proposed: date, hour: int = 9, *, reason: str = "招标延后") -> int:
        by = self.account("甲局联络员")
        with self.database.writing() as session:
            row = session.get_one(Obligation, key)
            asked = request_extension(
                session, row, reason=reason, proposed_due=proposed, by=by, now=at(day, hour), today=day
            )
            return asked.id or 0

    def extend(self, key: int, day: date, due: date, hour: int = 9) -> int:
        """Asked for and granted on one day; the request's id."""
        from app.models import Extension

        asked = self.ask(key, day, due, hour)
        by = self.account("秘书处")
        with self.database.writing() as session:
            decide_extension(
                session,
                session.get_one(Extension, asked),
                grant=True,
                reason="",
                granted_due=None,
                by=by,
                now=at(day, hour),
                today=day,
            )
        return asked

    def succeed(self, old: str, new: str, day: date, hour: int = 9) -> None:
        with self.database.writing() as session:
            region = self.region(session)
            ids = dict(
                session.execute(select(Department.name, Department.id).where(Department.region_id == region.id)).all()
            )
            session.add(
                Succession(
                    region_id=region.id or 0,
                    predecessor_id=ids[old],
                    successor_id=ids[new],
                    kind=SuccessionKind.RENAME,
                    on=day,
                    certainty=Certainty.PRINTED,
                )
            )
            session.flush()
            apply_successions(session, region, today=day, now=at(day, hour))

    def freeze(self, day: date, hour: int = 10, *, as_of: date | None = None, by: str | None = None) -> int:
        """On `day`, the list of `as_of`; its id."""
        account = self.account(by) if by else None
        with self.database.writing() as session:
            frozen = freeze_overdue_list(
                session, self.region(session), as_of=as_of or day, now=at(day, hour), by=account
            )
            return frozen.id or 0

    def region(self, session: Session) -> Region:
        return session.exec(select(Region).where(Region.code == "test")).one()

    def frozen(self, key: int) -> tuple[OverdueList, list[OverdueRow]]:
        with self.database.reading() as session:
            return session.get_one(OverdueList, key), list(frozen_rows(session, key))


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """The statements that are sent inside of the block."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
