"""The outbox: queued once, claimed by one, tried again with patience, given up in the end."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, func, select

from app.clock import Clock
from app.db import Database
from app.mail.compose import Attachment, Letter
from app.mail.outbox import DELAYS, LEASE, MOST_ATTEMPTS, MOST_DOUBTS, claim_next, mark_failed, mark_sent, queue
from app.mail.send import send_one
from app.mail.transport import NotSent
from app.models import Account, OutboxMail
from app.models.outbox_mail import MailFault, MailState
from tests.conftest import NOW


def letter(session: Session, key: str = "daily.test.2024-11-25.1", login: str = "甲局联络员") -> Letter:
    account = session.exec(select(Account).where(Account.login == login)).one()
    return Letter(
        key=key,
        message_id=f"<{key}@example.org>",
        account_id=account.id or 0,
        to_name=account.name,
        to_address=account.email or "",
        subject="【督办提醒】逾期1项（11月25日）",
        text="正文",
        html="<p>正文</p>",
        attachments=(Attachment("清单.xlsx", "application/octet-stream", b"\x00\x01"),),
    )


def put(database: Database, *keys: str, now: datetime = NOW) -> None:
    with database.writing() as session:
        for key in keys or ("daily.test.2024-11-25.1",):
            queue(session, letter(session, key), kind="daily", region_id=None, now=now)


def only(database: Database) -> OutboxMail:
    with database.reading() as session:
        mail = session.exec(select(OutboxMail)).one()
        session.expunge(mail)
        return mail


def claim(database: Database, now: datetime = NOW) -> OutboxMail | None:
    with database.writing() as session:
        return claim_next(session, now)


class StandingClock(Clock):
    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    @property
    def held_at(self) -> None:
        return None


class Recorder:
    """A way out of the house that keeps what it was given, and fails as it was told."""

    def __init__(self, *failures: Exception | None) -> None:
        self.sent: list[OutboxMail] = []
        self._failures = list(failures)

    def send(self, mail: OutboxMail, now: datetime) -> None:
        failure = self._failures.pop(0) if self._failures else None
        if failure is not None:
            raise failure
        self.sent.append(mail)


def test_the_same_key_is_queued_once(database: Database) -> None:
    put(database)
    with database.writing() as session:
        assert queue(session, letter(session), kind="daily", region_id=None, now=NOW) is None
    assert only(database).attachments[0]["file_name"] == "清单.xlsx"


def test_a_claimed_mail_is_nobody_elses(database: Database) -> None:
    put(database)
    first = claim(database)
    assert first is not None
    assert first.attempts == 1
    assert claim(database) is None
    assert only(database).state is MailState.SENDING


def test_the_mail_that_has_waited_longest_goes_first(database: Database) -> None:
    put(database, "b", now=NOW)
    put(database, "a", now=NOW - timedelta(minutes=1))
    first, second = claim(database), claim(database)
    assert first is not None
    assert second is not None
    assert [first.key, second.key] == ["a", "b"]


def test_a_sent_mail_is_done(database: Database) -> None:
    put(database)
    mail = claim(database)
    assert mail is not None
    with database.writing() as session:
        assert mark_sent(session, mail, NOW)
    done = only(database)
    assert (done.state, done.sent_at, done.in_doubt) == (MailState.SENT, NOW, False)
    assert claim(database, NOW + timedelta(days=1)) is None


def test_a_sender_that_died_is_followed_by_another_and_the_mail_is_in_doubt(database: Database) -> None:
    put(database)
    dead = claim(database)
    assert dead is not None
    assert claim(database, NOW + LEASE - timedelta(seconds=1)) is None
    taken_over = claim(database, NOW + LEASE)
    assert taken_over is not None
    assert (taken_over.attempts, taken_over.in_doubt) == (2, True)
    assert taken_over.message_id == dead.message_id
    with database.writing() as session:
        assert not mark_sent(session, dead, NOW + LEASE), "the dead sender's claim no longer counts"
        assert mark_sent(session, taken_over, NOW + LEASE)
    assert only(database).in_doubt


def test_a_refusal_for_now_waits_longer_each_time_and_ends_after_the_last_attempt(database: Database) -> None:
    put(database)
    now = NOW
    for delay in DELAYS:
        mail = claim(database, now)
        assert mail is not None
        with database.writing() as session:
            assert mark_failed(session, mail, now, error="451 later", permanent=False)
        waiting = only(database)
        assert (waiting.state, waiting.next_try_at) == (MailState.QUEUED, now + delay)
        assert claim(database, now + delay - timedelta(seconds=1)) is None
        now += delay
    mail = claim(database, now)
    assert mail is not None
    with database.writing() as session:
        mark_failed(session, mail, now, error="451 later", permanent=False)
    failed = only(database)
    assert (failed.state, failed.attempts, failed.error) == (MailState.FAILED, MOST_ATTEMPTS, "451 later")
    assert not failed.in_doubt, "every attempt was answered, so there is no doubt"
    assert sorted(DELAYS) == list(DELAYS)


def test_a_refusal_for_good_is_not_tried_again(database: Database) -> None:
    put(database)
    mail = claim(database)
    assert mail is not None
    with database.writing() as session:
        mark_failed(session, mail, NOW, error="550 no such user", permanent=True)
    assert only(database).state is MailState.FAILED
    assert claim(database, NOW + timedelta(days=30)) is None


def test_a_mail_on_which_every_sender_dies_is_given_up(database: Database) -> None:
    put(database)
    now = NOW
    for _attempt in range(MOST_DOUBTS):
        assert claim(database, now) is not None
        now += LEASE
    assert claim(database, now) is None
    given_up = only(database)
    assert (given_up.state, given_up.attempts, given_up.in_doubt) == (MailState.FAILED, MOST_DOUBTS, True)
    assert given_up.fault is MailFault.GAVE_UP


def test_senders_at_once_share_the_mails_and_send_each_once(database: Database) -> None:
    keys = [f"daily.test.2024-11-25.{number}" for number in range(30)]
    put(database, *keys)
    transports = [Recorder() for _sender in range(4)]
    barrier = threading.Barrier(len(transports))
    faults: list[BaseException] = []

    def work(transport: Recorder) -> None:
        barrier.wait()
        try:
            # A sender that finds nothing just lost a race, or is done; the loop of a real one comes back later.
            idle = 0
            while idle < 3:
                idle = 0 if send_one(database, transport, StandingClock()) else idle + 1
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(transport,)) for transport in transports]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert sorted(mail.key for transport in transports for mail in transport.sent) == sorted(keys)
    with database.reading() as session:
        assert session.exec(select(func.count()).where(OutboxMail.state != MailState.SENT)).one() == 0
        assert session.exec(select(func.max(OutboxMail.attempts))).one() == 1


def test_without_mails_there_is_no_work(database: Database) -> None:
    assert not send_one(database, Recorder(), StandingClock())


@pytest.mark.parametrize(
    ("failure", "state", "in_doubt"),
    [
        (NotSent("450 busy"), MailState.QUEUED, False),
        (NotSent("550 unknown", permanent=True), MailState.FAILED, False),
        (NotSent("connection lost", in_doubt=True), MailState.QUEUED, True),
        (ZeroDivisionError(), MailState.QUEUED, True),
    ],
)
def test_one_bad_mail_stops_nobody(database: Database, failure: Exception, state: MailState, in_doubt: bool) -> None:
    put(database, "bad")
    put(database, "good", now=NOW + timedelta(microseconds=1))
    transport = Recorder(failure)
    clock = StandingClock(NOW + timedelta(seconds=1))
    assert send_one(database, transport, clock)
    assert send_one(database, transport, clock)
    assert not send_one(database, transport, clock)
    assert [mail.key for mail in transport.sent] == ["good"]
    with database.reading() as session:
        bad = session.exec(select(OutboxMail).where(OutboxMail.key == "bad")).one()
        assert (bad.state, bad.in_doubt) == (state, in_doubt)
        assert bad.error


def test_the_claim_is_on_record_before_the_mail_goes_out(database: Database) -> None:
    put(database)
    seen: list[MailState] = []

    class Looker:
        def send(self, mail: OutboxMail, now: datetime) -> None:
            seen.append(only(database).state)

    send_one(database, Looker(), StandingClock())
    assert seen == [MailState.SENDING]
    assert only(database).state is MailState.SENT


def test_an_account_that_was_closed_gets_nothing_any_more(database: Database) -> None:
    put(database)
    with database.writing() as session:
        account = session.exec(select(Account).where(Account.login == "甲局联络员")).one()
        account.active = False
        session.add(account)
    transport = Recorder()
    assert send_one(database, transport, StandingClock())
    assert transport.sent == []
    assert only(database).state is MailState.FAILED
    assert "停用" in only(database).error
