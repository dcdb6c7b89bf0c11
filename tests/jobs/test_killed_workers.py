"""Nobody loses a mail and nobody gets two, wherever a worker is killed and however many are at work: real processes, a
real mail server.

KILL_POINTS: how often the worker is killed on each database, 100 by default.
"""

import email
import email.policy
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope
from aiosmtpd.smtp import Session as Conversation
from sqlalchemy import text
from sqlmodel import Session, col, func, select

from app.db import Database
from app.jobs.worker import tick
from app.mail.outbox import LEASE
from app.models import Account, Digest, DigestRun, OutboxMail, OverdueList
from app.models.outbox_mail import MailState
from app.settings import Settings
from tests.conftest import SHANGHAI
from tests.jobs.doomed_worker import SetClock

KILLS = int(os.environ.get("KILL_POINTS", "100"))
MONDAY = date(2024, 11, 25)
ROOT = Path(__file__).resolve().parents[2]
STRIDE = 200  # moments, at the most, that a worker lives


class Office:
    """A mail server that keeps what it took; `on_mail` is called before it answers."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.on_mail: Callable[[int], None] = lambda _count: None

    async def handle_DATA(self, server: SMTP, session: Conversation, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        self.on_mail(len(self.taken))
        return "250 OK"

    def copies(self) -> Counter[str]:
        """How often each message came, by Message-ID."""
        return Counter(str(message["Message-ID"]).strip() for message in self.taken)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def smtp(office: Office) -> Iterator[str]:
    with socket.socket() as probe:  # the controller calls itself back and must know its port beforehand
        probe.bind(("127.0.0.1", 0))
        host, port = probe.getsockname()
    controller = Controller(office, hostname=host, port=port)
    controller.start()
    yield f"smtp://{host}:{port}"
    controller.stop()


class Driver:
    """The process that forks workers; see doomed_worker.py."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.doomed_worker"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, do: str, **order: Any) -> dict[str, Any]:
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        assert pipe_in is not None
        assert pipe_out is not None
        pipe_in.write(json.dumps({"do": do, **order}, default=str) + "\n")
        pipe_in.flush()
        answer: dict[str, Any] = json.loads(pipe_out.readline())
        return answer

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    opened = Driver()
    yield opened
    opened.close()


def url_of(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


def morning(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 8, 30, tzinfo=SHANGHAI)


def make_work(database: Database, monday: date) -> None:
    """Something for the digests beside the list: the second phase is due within the week."""
    with database.writing() as session:
        session.execute(
            text("UPDATE obligation SET due = :due WHERE due > '2024-06-01'"), {"due": monday + timedelta(days=7)}
        )


def on_the_way(database: Database) -> int:
    with database.reading() as session:
        waiting = session.exec(select(func.count()).where(OutboxMail.state != MailState.SENT)).one()
    database.close()
    return waiting


def told(session: Session, monday: date) -> dict[tuple[str, str], list[tuple[Any, ...]]]:
    """What each person was told in the runs of the day: (login, kind) -> items."""
    rows = session.execute(
        select(Account.login, DigestRun.kind, Digest.items)
        .join(Digest, col(Digest.account_id) == Account.id)
        .join(DigestRun, col(DigestRun.id) == Digest.run_id)
        .where(DigestRun.run_date == monday)
    )
    return {
        (login, kind.value): [(item["obligation"], item["heading"], item["due"]) for item in items]
        for login, kind, items in rows
    }


@pytest.fixture(scope="module")
def undisturbed(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """What everybody is told on these Mondays when nobody is killed: made by a worker of this process, into files."""
    folder = tmp_path_factory.mktemp("undisturbed")
    shutil.copy(sqlite_template, folder / "calm.sqlite3")
    database = Database(f"sqlite:///{folder}/calm.sqlite3")
    known: dict[date, Any] = {}

    def of(monday: date) -> Any:
        if monday not in known:
            make_work(database, monday)
            clock = SetClock(morning(monday))
            tick(Settings(var_dir=folder), clock, database, None, threading.Event())
            with database.reading() as session:
                known[monday] = told(session, monday)
            database.close()
        return known[monday]

    return of


def test_whenever_a_worker_is_killed_nobody_loses_a_mail_and_repeats_are_marked(
    database: Database, tmp_path: Path, office: Office, smtp: str, driver: Driver, undisturbed: Callable[[date], Any]
) -> None:
    """Killed at random moments, started again, killed again until the day is done, one Monday after another."""
    chosen = random.Random(20241125)  # noqa: S311 (the same moments each time)
    driver("open", url=url_of(database), var=tmp_path / "var", smtp=smtp, batch=3)
    make_work(database, MONDAY)
    undisturbed(MONDAY)
    database.close()
    driver("warm", at=morning(MONDAY))
    monday, killed, in_window, moments = MONDAY, 0, 0, Counter[str]()
    while killed < KILLS:
        monday += timedelta(days=7)
        make_work(database, monday)
        database.close()
        at = morning(monday)
        while True:
            end = driver("doomed", at=at, kill=chosen.randint(1, STRIDE))
            at += timedelta(minutes=1)
            if end["killed"]:
                killed += 1
                in_window += end["handed_over"]
                moments[end["moment"][:24]] += 1
                continue
            assert end["status"] == 0
            if not on_the_way(database):
                break
            at += LEASE  # of who died while it was sending
        with database.reading() as session:
            assert told(session, monday) == undisturbed(monday)
            runs = session.exec(select(DigestRun).where(DigestRun.run_date == monday)).all()
            assert len(runs) == 4, "a list and a digest in each of two regions"
            assert all(run.completed_at and not run.cut_short for run in runs)
            assert sum(run.mails for run in runs) == len(told(session, monday))
    copies = office.copies()
    with database.reading() as session:
        mails = session.exec(select(OutboxMail)).all()
        assert {mail.state for mail in mails} == {MailState.SENT}
        assert {mail.message_id for mail in mails} == set(copies), "nothing lost, nothing that is not on record"
        doubtful = {mail.message_id for mail in mails if mail.in_doubt}
        per_list = Counter(session.exec(select(OverdueList.region_id, OverdueList.as_of)).all())
        assert set(per_list.values()) == {1}
    repeated = {name: count - 1 for name, count in copies.items() if count > 1}
    assert sum(repeated.values()) <= in_window, "repeats come from between the server's answer and our commit alone"
    assert set(repeated) <= doubtful
    assert killed >= KILLS
    assert len(moments) > 5


def test_two_schedulers_and_three_senders_at_once_send_each_person_one_mail(
    database: Database, tmp_path: Path, office: Office, smtp: str, driver: Driver, undisturbed: Callable[[date], Any]
) -> None:
    driver("open", url=url_of(database), var=tmp_path / "var", smtp=smtp, batch=2)
    for week in range(2):
        monday = MONDAY + timedelta(weeks=week)
        make_work(database, monday)
        expected = undisturbed(monday)
        database.close()
        end = driver("together", at=morning(monday), schedulers=2, senders=3)
        assert set(end["statuses"]) == {0}
        with database.reading() as session:
            assert told(session, monday) == expected
            assert session.exec(select(func.count()).where(DigestRun.run_date == monday)).one() == 4
            assert session.exec(select(func.count()).where(OverdueList.as_of == monday)).one() == 2
    with database.reading() as session:
        mails = session.exec(select(OutboxMail)).all()
        assert [(mail.state, mail.in_doubt) for mail in mails] == [(MailState.SENT, False)] * len(mails)
        assert office.copies() == Counter(mail.message_id for mail in mails)
        assert len({mail.key for mail in mails}) == len(mails)


def test_duban_worker_killed_between_the_servers_answer_and_its_commit(
    sqlite_template: Path, tmp_path: Path, office: Office, smtp: str
) -> None:
    """The command itself, on one database, since starting it takes long. The mail that the server has taken comes a second time, as the same message, and says so."""
    shutil.copy(sqlite_template, tmp_path / "duban.sqlite3")
    database = Database(f"sqlite:///{tmp_path}/duban.sqlite3")
    process: subprocess.Popen[bytes] | None = None

    def worker(day: date) -> subprocess.Popen[bytes]:
        knobs = {
            "DUBAN_VAR_DIR": str(tmp_path),
            "DUBAN_SMTP_URL": smtp,
            "DUBAN_TODAY": day.isoformat(),
            "DUBAN_DIGEST_TIME": "07:00",
            "DUBAN_TICK_SECONDS": "1",
        }
        return subprocess.Popen(
            [sys.executable, "-m", "app.cli", "worker"],
            cwd=ROOT,
            env={**os.environ, **knobs},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def kill_at_the_third(count: int) -> None:
        if count == 3:
            assert process is not None
            process.kill()

    database.close()
    office.on_mail = kill_at_the_third
    process = worker(MONDAY)
    _said, complaints = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, complaints
    with database.reading() as session:
        waiting = session.exec(select(func.count()).where(OutboxMail.state != MailState.SENT)).one()
        everybody = session.exec(select(func.count()).select_from(OutboxMail)).one()
    database.close()
    assert waiting == everybody - 2

    def end_at_the_last(count: int) -> None:
        if count == everybody + 1:
            assert process is not None
            process.terminate()

    office.on_mail = end_at_the_last
    process = worker(MONDAY + timedelta(days=1))
    _said, complaints = process.communicate(timeout=60)
    assert process.returncode == 0, complaints
    with database.reading() as session:
        mails = session.exec(select(OutboxMail).where(col(OutboxMail.key).like("%2024-11-25%"))).all()
        assert {mail.state for mail in mails} == {MailState.SENT}
        (repeated,) = [name for name, count in office.copies().items() if count > 1]
        assert [mail.message_id for mail in mails if mail.in_doubt] == [repeated]
        assert {mail.message_id for mail in mails} <= set(office.copies())
    database.close()
