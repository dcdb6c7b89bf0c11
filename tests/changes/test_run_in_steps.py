"""A run is made in steps: it holds up no writer, two may be at it, and one bad account stops nobody else."""

import itertools
import logging
import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text, update
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, func, select

from app.changes import make_digest_run, run_step
from app.changes.make_digest_run import NobodyTold, make_run
from app.changes.record_event import record_event
from app.db import Database
from app.domain.audit import Act, ActResult, AuditAction, Channel
from app.domain.workflow import EventKind
from app.errors import Overtaken
from app.mail import run_letters
from app.models import Account, AuditEntry, Digest, DigestRun, Obligation, OutboxMail, Region
from app.models.digest_run import RunKind
from app.settings import Settings
from app.trail import keep_trail
from tests.changes.test_make_digest_run import at
from tests.conftest import TODAY

DAILY, WEEKLY = RunKind.DAILY, RunKind.WEEKLY
TOMORROW = TODAY + timedelta(days=1)
LIAISONS = {"甲局联络员", "乙局联络员", "丙局联络员", "东街道联络员", "西街道联络员"}
TOLD = {*LIAISONS, "甲局负责人"}


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_letters, "BATCH", 3)


def make(database: Database, settings: Settings, kind: RunKind = DAILY, day: date = TODAY, **options: Any) -> DigestRun:
    with database.reading() as session:
        here = session.exec(select(Region.id).where(Region.code == "test")).one() or 0
    act = Act(at(day), AuditAction.RUN, Channel.WORKER, region_id=here)
    return make_run(database, lambda: act, here, kind, day, now=at(day), by=None, settings=settings, **options)


def told(database: Database, day: date = TODAY, kind: RunKind = DAILY) -> set[str]:
    with database.reading() as session:
        return set(
            session.exec(
                select(Account.login)
                .join(Digest, col(Digest.account_id) == Account.id)
                .join(DigestRun, col(DigestRun.id) == Digest.run_id)
                .where(DigestRun.run_date == day, DigestRun.kind == kind)
            )
        )


def spoil(database: Database, login: str) -> None:
    """What was said to this account once is not what a run can read."""
    with database.writing() as session:
        account = session.exec(select(Account).where(Account.login == login)).one()
        old = at(TODAY - timedelta(days=2))  # a Saturday, without a run of its own
        run = DigestRun(
            region_id=account.region_id or 0, kind=DAILY, run_date=old.date(), made_at=old, completed_at=old
        )
        session.add(run)
        session.flush()
        bad = [{"obligation": "no number", "heading": "overdue", "due": "never", "revision": 1}]
        session.add(Digest(run_id=run.id or 0, account_id=account.id or 0, items=bad))


def mend(database: Database) -> None:
    with database.writing() as session:
        for digest in session.exec(select(Digest)):
            if any(item["due"] == "never" for item in digest.items):
                session.delete(digest)


def test_letters_are_written_while_nobody_waits(database: Database, settings: Settings) -> None:
    """What takes long is read in sessions that read; the writing ones do not even look at what is owed."""
    writing: list[str] = []

    def note(connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not connection.get_execution_options().get("duban_reads"):
            writing.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    make(database, settings)
    event.remove(database.engine, "before_cursor_execute", note)
    assert any("INSERT INTO outbox_mail" in one for one in writing)
    assert not [one for one in writing if "FROM obligation" in one or "JOIN obligation" in one]


def test_whoever_finds_a_run_unfinished_goes_on_with_it(database: Database, settings: Settings) -> None:
    asked = itertools.count()
    begun = make(database, settings, stop=lambda: next(asked) == 2)
    assert begun.completed_at is None
    assert begun.reached > 0
    before = told(database)
    assert before < TOLD
    made = make(database, settings)
    assert made.completed_at is not None
    assert made.id == begun.id
    assert told(database) == TOLD
    assert made.mails == len(TOLD)
    with pytest.raises(Overtaken):
        make(database, settings)


def test_of_two_at_the_same_run_one_writes_each_step(database: Database, settings: Settings) -> None:
    barrier = threading.Barrier(2)
    results: list[str] = []

    def attempt() -> None:
        barrier.wait()
        try:
            results.append(f"{make(database, settings).mails}")
        except Overtaken:
            results.append("overtaken")

    threads = [threading.Thread(target=attempt) for _who in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [str(len(TOLD)), "overtaken"]
    with database.reading() as session:
        keys = session.exec(select(OutboxMail.key)).all()
        assert len(keys) == len(set(keys)) == len(TOLD)
        assert session.exec(select(func.count()).select_from(Digest)).one() == len(TOLD)


def test_a_step_that_somebody_else_has_made_is_thrown_away(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = run_step.claim_step
    others: list[DigestRun] = []

    def late(session: Session, run_id: int, step: run_step.Step) -> bool:
        if not others:
            others.append(DigestRun())
            session.rollback()  # the other process is faster than this transaction
            others[0] = make(database, settings)
        return claim(session, run_id, step)

    monkeypatch.setattr(make_digest_run, "claim_step", late)
    with pytest.raises(Overtaken):
        make(database, settings)
    assert told(database) == TOLD
    assert others[0].mails == len(TOLD)


def test_an_account_whose_mail_cannot_be_written_stops_nobody_and_hears_next_time(
    database: Database, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    keep_trail(database)
    spoil(database, "乙局联络员")
    with caplog.at_level(logging.ERROR):
        made = make(database, settings)
    assert made.completed_at is not None
    assert made.cut_short
    assert told(database) == TOLD - {"乙局联络员"}
    assert "is left out" in caplog.text
    with database.reading() as session:
        failed = session.exec(select(AuditEntry).where(AuditEntry.outcome == ActResult.FAILED)).one()
        assert "未提醒" in failed.reason
    mend(database)
    make(database, settings, day=TOMORROW)
    assert told(database, TOMORROW) == {"乙局联络员"}


def test_what_was_new_while_an_account_could_not_be_told_is_new_the_next_time(
    database: Database, settings: Settings, obligation_of: Callable[..., Obligation]
) -> None:
    """Not only what is due: what came to a department is said once, and must not be lost with the run that failed."""
    for days in range(14, 2, -1):
        if (TODAY - timedelta(days=days)).weekday() < 5:
            make(database, settings, day=TODAY - timedelta(days=days))
    with database.writing() as session:
        liaison = session.exec(select(Account).where(Account.login == "丙局联络员")).one()
        key = obligation_of("甲局", "1.1", "第二阶段").id
        row = session.get_one(Obligation, key)
        said: dict[str, Any] = {"on": TODAY, "now": at(TODAY - timedelta(days=1)), "by": None, "reason": "职责划转"}
        record_event(session, row, EventKind.TRANSFERRED, **said, department_id=liaison.department_id)
        heir = liaison.id
    with database.writing() as session:  # far away: there is nothing to say of it but that it came
        session.exec(update(Obligation).where(col(Obligation.id) == key).values(due=TODAY + timedelta(days=300)))
    spoil(database, "丙局联络员")
    for days in range(10):
        day = TODAY + timedelta(days=days)
        if day.weekday() < 5:
            make(database, settings, day=day)
            assert "丙局联络员" not in told(database, day)
    mend(database)
    last = TODAY + timedelta(days=10)
    make(database, settings, day=last)
    with database.reading() as session:
        heard = session.exec(
            select(Digest)
            .join(DigestRun, col(DigestRun.id) == Digest.run_id)
            .where(DigestRun.run_date == last, Digest.account_id == heir)
        ).one()
        assert "new" in {item["heading"] for item in heard.items}


def test_when_not_one_mail_can_be_written_the_run_waits(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of the program and not of an account: as soon as it is mended everybody hears, on the same day."""

    def broken(*_said: object, **_more: object) -> None:
        raise RuntimeError("a template that does not work")

    with monkeypatch.context() as patch:
        patch.setattr("app.mail.compose.Composer.write", broken)
        for _tick in range(2):
            with pytest.raises(NobodyTold):
                make(database, settings)
    assert told(database) == set()
    made = make(database, settings)
    assert not made.cut_short
    assert told(database) == TOLD


def test_a_database_that_is_away_leaves_nobody_out(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_said: object, **_more: object) -> None:
        raise OperationalError("SELECT", {}, Exception("connection refused"))

    with monkeypatch.context() as patch:
        patch.setattr("app.mail.digest_letters.open_matters", away)
        with pytest.raises(OperationalError):
            make(database, settings)
    assert make(database, settings).mails == len(TOLD)
    assert told(database) == TOLD


def test_a_mail_under_the_same_key_takes_nothing_away(database: Database, settings: Settings) -> None:
    """Somebody left while the run was under way, and a mail of theirs went to an account that it has not reached."""
    asked = itertools.count()
    make(database, settings, stop=lambda: next(asked) == 2)
    with database.writing() as session:
        first = session.exec(select(OutboxMail).order_by(col(OutboxMail.id)).limit(1)).one()
        heir = session.exec(select(Account).where(Account.login == "甲局负责人")).one()
        first.key = f"daily.test.2024-11-25.{heir.id}"
    made = make(database, settings)
    assert made.completed_at is not None
    assert "甲局负责人" not in told(database)
    make(database, settings, day=TOMORROW)
    assert told(database, TOMORROW) == {"甲局负责人"}, "what that letter would have said is said by the next run"


def test_chat_groups_hold_up_nobody(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(session: Session, *_said: object, **_more: object) -> None:
        session.execute(text("INSERT INTO digest (run_id, account_id, items) VALUES (0, 0, '[]')"))

    monkeypatch.setattr(run_step, "queue_chat", broken)
    with caplog.at_level(logging.ERROR):
        made = make(database, settings)
    assert made.completed_at is not None
    assert told(database) == TOLD


def test_the_trail_tells_each_step(database: Database, settings: Settings) -> None:
    keep_trail(database)
    made = make(database, settings)
    with database.reading() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.action == AuditAction.RUN)).all()
        assert {(entry.subject_table, entry.subject_id) for entry in entries} == {("digest_run", made.id)}
        named = [change for entry in entries for change in entry.changes or () if change.get("table") == "outbox_mail"]
        assert len(named) == len(TOLD)
