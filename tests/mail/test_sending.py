"""Nothing is lost while a server is away, nothing goes to who may not read it any more, and repeats are marked."""

import socket
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.db import Database
from app.domain.audit import ActResult, AuditAction
from app.drafts.department_register import Certainty, SuccessionKind
from app.mail.compose import Letter
from app.mail.outbox import LEASE, claim_next, queue
from app.mail.send import send_one
from app.mail.smtp import SmtpTransport
from app.models import Account, Department, Digest, DigestRun, Obligation, OutboxMail, Region, Succession
from app.models.account import AccountRole
from app.models.digest_run import RunKind
from app.models.outbox_mail import MailFault, MailState
from app.queries.told_before import told_before
from app.trail import keep_trail
from tests.conftest import NOW, TODAY
from tests.mail.test_outbox import Recorder, StandingClock
from tests.mail.test_smtp import Office, office, queue_to, serve, states, transport
from tests.mail.test_smtp_faults import hanging_up
from tests.trail import entries

__all__ = ["office", "serve"]

Serve = Callable[..., tuple[str, int]]
SOON = NOW + timedelta(seconds=1)


def drain(database: Database, way: Any, clock: StandingClock) -> None:
    while send_one(database, way, clock):
        pass


def test_a_server_that_is_away_for_five_days_costs_no_mail_its_attempts(
    database: Database, office: Office, serve: Serve
) -> None:
    keep_trail(database)
    queue_to(database, "a@example.org", "b@example.org", "c@example.org")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        away = transport(f"smtp://127.0.0.1:{nobody.getsockname()[1]}")
        clock = StandingClock(SOON)
        for _tick in range(20):
            drain(database, away, clock)
            clock.at += timedelta(hours=6)
    assert [(state, attempts, doubt) for _to, state, attempts, doubt in states(database)] == [
        (MailState.QUEUED, 0, False)
    ] * 3
    failures = [one for one in entries(database) if one.outcome is ActResult.FAILED]
    assert len(failures) == 1, "the trail says it once, and not at every tick"
    host, port = serve()
    drain(database, transport(f"smtp://{host}:{port}"), clock)
    assert sorted(envelope.rcpt_tos for envelope in office.envelopes) == [
        ["a@example.org"],
        ["b@example.org"],
        ["c@example.org"],
    ]
    assert {state for _to, state, _attempts, _doubt in states(database)} == {MailState.SENT}
    assert office.messages()[0]["Date"].datetime == NOW + timedelta(days=5), "not below everything that came meanwhile"


def test_a_server_that_is_down_is_found_once_per_tick(database: Database) -> None:
    queue_to(database, *(f"{number}@example.org" for number in range(5)))
    with hanging_up(b"421 too busy\r\n") as (host, port, visitors):
        drain(database, transport(f"smtp://{host}:{port}"), StandingClock(SOON))
        assert len(visitors) == 1


def test_the_servers_words_are_kept(database: Database, office: Office, serve: Serve) -> None:
    queue_to(database, "a@example.org", "b@example.org")
    office.to_data = ["250 2.0.0 Ok: queued as 4XyZ1k2Tqz", "554 5.7.1 spam"]
    host, port = serve()
    drain(database, transport(f"smtp://{host}:{port}"), StandingClock(SOON))
    with database.reading() as session:
        taken, refused = session.exec(select(OutboxMail).order_by(col(OutboxMail.id))).all()
        assert session.get_one(Account, refused.account_id).mail_fault == "", "it was not the address"
        assert (taken.answer, taken.fault, taken.error) == ("250 2.0.0 Ok: queued as 4XyZ1k2Tqz", None, "")
        assert (refused.answer, refused.fault) == ("", MailFault.CONTENT)
        assert "554 5.7.1 spam" in refused.error


def test_an_address_that_takes_no_mail_is_said_at_its_account(database: Database, office: Office, serve: Serve) -> None:
    queue_to(database, "gone@example.org", "b@example.org")
    office.to_rcpt = {"gone@example.org": "550 5.1.1 no such user"}
    host, port = serve()
    drain(database, transport(f"smtp://{host}:{port}"), StandingClock(SOON))
    with database.reading() as session:
        gone, good = (session.get_one(Account, key) for key in (1, 2))
        assert "550 5.1.1 no such user" in gone.mail_fault
        assert gone.mail_fault_at == SOON
        assert good.mail_fault == ""


def test_a_sender_that_dies_behind_250_leaves_a_marked_repeat(database: Database, office: Office, serve: Serve) -> None:
    queue_to(database, "a@example.org")
    host, port = serve()
    way: SmtpTransport = transport(f"smtp://{host}:{port}")
    with database.writing() as session:
        claimed = claim_next(session, SOON)
    assert claimed is not None
    way.send(claimed, SOON)  # 250, and then the process is gone
    clock = StandingClock(SOON + LEASE - timedelta(seconds=1))
    assert not send_one(database, way, clock), "the lease still holds"
    clock.at += timedelta(minutes=1)
    assert send_one(database, way, clock)
    assert states(database) == [("a@example.org", MailState.SENT, 2, True)]
    first, second = office.messages()
    assert (first["Message-ID"], first["Date"]) == (second["Message-ID"], second["Date"])


def run_mail(session: Session, login: str = "甲局联络员", **changed: Any) -> OutboxMail:
    """Of a daily run, about what the account's department owes."""
    account = session.exec(select(Account).where(Account.login == login)).one()
    region_id = account.region_id or 0
    run = DigestRun(region_id=region_id, kind=RunKind.DAILY, run_date=TODAY, made_at=NOW, completed_at=NOW)
    session.add(run)
    session.flush()
    key = f"daily.test.2024-11-25.{account.id}"
    letter = Letter(key, f"<{key}@d>", account.id or 0, account.name, account.email or "", "主题", "文", "<p>文</p>")
    said = {"kind": "daily", "department_id": account.department_id} | changed
    mail_id = queue(session, letter, region_id=region_id, now=NOW, **said)
    owed = session.exec(select(Obligation.id).where(Obligation.department_id == account.department_id)).all()
    items = [{"obligation": one, "heading": "overdue", "due": None, "revision": 1} for one in owed]
    session.add(Digest(run_id=run.id or 0, account_id=account.id or 0, items=items, mail_id=mail_id))
    session.flush()
    return session.get_one(OutboxMail, mail_id)


def department(session: Session, name: str) -> int:
    region = session.exec(select(Region.id).where(Region.code == "test")).one()
    found = session.exec(select(Department.id).where(Department.name == name, Department.region_id == region)).one()
    return found or 0


def _closed(session: Session, account: Account) -> None:
    account.active = False


def _moved(session: Session, account: Account) -> None:
    account.department_id = department(session, "丙局")


def _promoted(session: Session, account: Account) -> None:
    account.role = AccountRole.HEAD  # of the same department: reads the same


def _turned_expert(session: Session, account: Account) -> None:
    account.role, account.department_id = AccountRole.EXPERT, None


def _turned_auditor(session: Session, account: Account) -> None:
    account.role, account.department_id = AccountRole.AUDITOR, None


def _elsewhere(session: Session, account: Account) -> None:
    account.region_id = session.exec(select(Region.id).where(Region.code == "next")).one()


def _succeeded(session: Session, account: Account) -> None:
    old, new = account.department_id or 0, department(session, "旧局")
    session.add(
        Succession(
            region_id=account.region_id or 0,
            predecessor_id=old,
            successor_id=new,
            kind=SuccessionKind.RENAME,
            on=date(2024, 11, 25),
            certainty=Certainty.PRINTED,
            applied_at=NOW,
        )
    )
    for owed in session.exec(select(Obligation).where(Obligation.department_id == old)).all():
        owed.department_id = new
    account.department_id = new


def _items_gone(session: Session, account: Account) -> None:
    for owed in session.exec(select(Obligation).where(Obligation.department_id == account.department_id)).all():
        owed.department_id = department(session, "旧局")


def _unchanged(session: Session, account: Account) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_unchanged, ""),
        (_promoted, ""),
        (_succeeded, ""),
        (_closed, "停用"),
        (_moved, "已不在该单位"),
        (_turned_expert, "已不是该单位的"),
        (_turned_auditor, "已不是该单位的"),
        (_elsewhere, "其他地区"),
        (_items_gone, "不能再查看"),
    ],
)
def test_permission_is_judged_when_a_mail_is_sent(
    database: Database, change: Callable[[Session, Account], None], reason: str
) -> None:
    with database.writing() as session:
        mail = run_mail(session)
        change(session, session.get_one(Account, mail.account_id))
    way = Recorder()
    drain(database, way, StandingClock(SOON))
    with database.reading() as session:
        mail = session.exec(select(OutboxMail)).one()
        if not reason:
            assert (mail.state, len(way.sent)) == (MailState.SENT, 1)
        else:
            assert (mail.state, mail.fault, way.sent) == (MailState.FAILED, MailFault.UNWANTED, [])
            assert reason in mail.error


def test_what_the_secretariat_was_to_read_does_not_go_to_who_became_a_liaison(database: Database) -> None:
    with database.writing() as session:
        mail = run_mail(session, "秘书处")
        session.exec(select(Digest)).one().items = []
        account = session.get_one(Account, mail.account_id)
        account.role, account.department_id = AccountRole.LIAISON, department(session, "丙局")
    way = Recorder()
    drain(database, way, StandingClock(SOON))
    assert way.sent == []


@pytest.mark.parametrize(
    ("kind", "address", "goes_to"),
    [
        ("daily", "new@example.org", "new@example.org"),
        ("handover", "new@example.org", "new@example.org"),
        ("daily", None, None),
        ("link", "new@example.org", None),
        ("notice", "new@example.org", "account4@example.org"),
    ],
)
def test_a_mail_goes_to_the_address_of_now(
    database: Database, kind: str, address: str | None, goes_to: str | None
) -> None:
    keep_trail(database)
    with database.writing() as session:
        mail = run_mail(session, kind=kind)
        assert mail.to_address == "account4@example.org"
        session.get_one(Account, mail.account_id).email = address
    way = Recorder()
    drain(database, way, StandingClock(SOON))
    assert [one.to_address for one in way.sent] == ([goes_to] if goes_to else [])
    with database.reading() as session:
        mail = session.exec(select(OutboxMail)).one()
        assert mail.state is (MailState.SENT if goes_to else MailState.FAILED)
        if goes_to:
            assert mail.to_address == goes_to
        elif kind == "daily":
            assert mail.fault is MailFault.ADDRESS
    if goes_to == "new@example.org":
        told = [one for one in entries(database) if one.action is AuditAction.MAIL and one.changes]
        assert told[0].changes[0]["after"]["to_address"] == "new@example.org"


def test_a_held_mail_waits_and_one_bad_row_stops_nobody(database: Database) -> None:
    with database.writing() as session:
        held = run_mail(session)
        held.held_at = NOW
        bad = run_mail_again(session, "bad")
        session.exec(select(Digest)).one().items = [{"obligation": "x"}]
        bad.copy_of = held.id
        run_mail_again(session, "good")
    way = Recorder()
    drain(database, way, StandingClock(SOON))
    assert [one.key for one in way.sent] == ["good"]
    assert not any(doubt for _to, _state, _attempts, doubt in states(database)), "it was never handed over"
    with database.writing() as session:
        held = session.exec(select(OutboxMail).where(OutboxMail.held_at.is_not(None))).one()  # type: ignore[union-attr]
        assert (held.state, held.attempts) == (MailState.QUEUED, 0)
        held.held_at = None
        session.exec(select(Digest)).one().items = []
    drain(database, way, StandingClock(SOON))
    assert len(way.sent) == 2


def run_mail_again(session: Session, key: str) -> OutboxMail:
    account = session.exec(select(Account).where(Account.login == "甲局联络员")).one()
    letter = Letter(key, f"<{key}@d>", account.id or 0, account.name, account.email or "", "主题", "文", "<p>文</p>")
    mail_id = queue(
        session,
        letter,
        kind="daily",
        region_id=account.region_id,
        now=NOW + timedelta(microseconds=1),
        department_id=account.department_id,
    )
    return session.get_one(OutboxMail, mail_id)


@pytest.mark.parametrize(
    ("fault", "doubt", "address", "again", "told"),
    [
        (None, False, "account4@example.org", False, True),
        (MailFault.ADDRESS, False, "account4@example.org", False, True),
        (MailFault.ADDRESS, False, "new@example.org", False, False),
        (MailFault.ADDRESS, False, "new@example.org", True, True),
        (MailFault.GAVE_UP, False, "account4@example.org", False, False),
        (MailFault.GAVE_UP, True, "account4@example.org", False, True),
        (MailFault.UNWANTED, False, "account4@example.org", False, False),
        (MailFault.DROPPED, False, "account4@example.org", False, True),
    ],
)
def test_what_never_went_anywhere_was_not_told(
    database: Database, fault: MailFault | None, doubt: bool, address: str, again: bool, told: bool
) -> None:
    with database.writing() as session:
        mail = run_mail(session)
        account = session.get_one(Account, mail.account_id)
        account.email = address
        mail.state, mail.fault, mail.in_doubt = (MailState.FAILED if fault else MailState.SENT), fault, doubt
        if again:
            copy = run_mail_again(session, f"{mail.key}.again-1")
            copy.copy_of, copy.state = mail.id, MailState.SENT
        session.flush()
        said = told_before(session, account.region_id or 0, [account.id or 0], TODAY + timedelta(days=1)).said
        assert bool(said) is told
