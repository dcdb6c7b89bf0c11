"""The audit trail knows to whom was written and what became of it, and never what was said."""

import json
from pathlib import Path

import pytest
from sqlmodel import select

from app.clock import HeldClock
from app.db import Database
from app.domain.audit import ActResult, AuditAction, Channel
from app.mail.compose import Letter
from app.mail.eml_files import FileTransport
from app.mail.outbox import MOST_ATTEMPTS, queue
from app.mail.send import send_one
from app.mail.transport import NotSent, Transport
from app.models import OutboxMail
from app.models.outbox_mail import MailState
from app.trail import keep_trail
from tests.conftest import NOW, SHANGHAI, TODAY
from tests.trail import acting, changes_of, entries, newest

CLOCK = HeldClock(TODAY, SHANGHAI)


def letter(number: int = 1) -> Letter:
    return Letter(
        key=f"daily.test.{number}",
        message_id=f"<{number}@duban>",
        account_id=1,
        to_name="秘书处",
        to_address="account1@example.org",
        subject="今日提醒",
        text="不可外传的内容",
        html="<p>不可外传的内容</p>",
    )


@pytest.fixture
def queued(database: Database) -> Database:
    keep_trail(database)
    with database.writing(acting(AuditAction.RUN)) as session:
        queue(session, letter(), kind="daily", region_id=1, now=NOW)
    return database


class Failing(Transport):
    def __init__(self, failure: NotSent) -> None:
        self.failure = failure

    def send(self, mail: OutboxMail, at: object) -> None:
        raise self.failure


def test_a_queued_mail_is_told_with_its_recipient_and_without_its_text(queued: Database) -> None:
    entry = newest(queued)
    assert changes_of(entry, "outbox_mail")[0]["after"] == {
        "key": "daily.test.1",
        "to_name": "秘书处",
        "to_address": "account1@example.org",
        "subject": "今日提醒",
    }
    assert "不可外传" not in json.dumps(entry.changes, ensure_ascii=False)


def test_a_run_names_every_recipient_however_many(database: Database) -> None:
    keep_trail(database)
    with database.writing(acting(AuditAction.RUN)) as session:
        for number in range(150):
            queue(session, letter(number), kind="daily", region_id=1, now=NOW)
    assert len(changes_of(newest(database), "outbox_mail")) == 150


def test_a_mail_that_went_out_is_told_by_its_key(queued: Database, tmp_path: Path) -> None:
    assert send_one(queued, FileTransport(tmp_path, sender="duban@example.org", zone=SHANGHAI), CLOCK)
    entry = newest(queued)
    assert (entry.action, entry.channel, entry.outcome) == (AuditAction.MAIL, Channel.WORKER, ActResult.DONE)
    assert (entry.subject, entry.reason, entry.changes) == ("daily.test.1", "已发送", [])
    assert len(entries(queued)) == 2


def test_a_mail_that_failed_says_why(queued: Database) -> None:
    assert send_one(queued, Failing(NotSent("550 no such user", permanent=True)), CLOCK)
    entry = newest(queued)
    assert (entry.outcome, entry.subject, entry.reason) == (ActResult.FAILED, "daily.test.1", "550 no such user")


def test_a_mail_on_which_the_sender_died_too_often_is_told(queued: Database) -> None:
    with queued.writing() as session:
        mail = session.exec(select(OutboxMail)).one()
        mail.state, mail.attempts, mail.lease_until = MailState.SENDING, MOST_ATTEMPTS, NOW
    assert not send_one(queued, Failing(NotSent("")), CLOCK)
    told = [one for one in entries(queued) if one.action is AuditAction.MAIL]
    assert changes_of(told[-1], "outbox_mail")[0]["after"]["state"] == "failed"


def test_looking_for_mail_leaves_no_trace(database: Database) -> None:
    keep_trail(database)
    assert not send_one(database, Failing(NotSent("")), CLOCK)
    assert entries(database) == []
