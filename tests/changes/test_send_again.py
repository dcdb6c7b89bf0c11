"""A mail of a run that is sent once more: one copy per form, to the address of now, on record."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.changes.report_links import revoke_link_of_mail, token_to_send
from app.changes.send_again import send_again
from app.changes.steer_mail import drop_mail, hold_mail, release_mail
from app.db import Database
from app.errors import Invalid, Overtaken
from app.mail.keys import handed_on_key
from app.mail.outbox import claim_next, mark_failed, mark_sent
from app.models import Account, Department, OutboxMail, ReportLink
from app.models.outbox_mail import MailFault, MailState
from app.sealing import Sealer
from app.settings import Settings
from tests.conftest import NOW
from tests.mail.test_sending import SOON, run_mail

MARKED = "https://duban.example.org/r/{report-link}"


def sent(database: Database, **changed: Any) -> int:
    with database.writing() as session:
        mail = run_mail(session, **changed)
        mail.text, mail.html = f"文 {MARKED}", f'<a href="{MARKED}">填报</a>'
    with database.writing() as session:
        claimed = claim_next(session, SOON)
        assert claimed is not None
        assert mark_sent(session, claimed, SOON)
        return claimed.id or 0


def again(session: Session, mail_id: int, settings: Settings, **changed: Any) -> OutboxMail:
    asked: dict[str, Any] = {"seen": 0, "reason": "收件人反映未收到", "by": 1, "now": SOON} | changed
    return send_again(session, session.get_one(OutboxMail, mail_id), settings=settings, **asked)


def copies(database: Database) -> list[OutboxMail]:
    with database.reading() as session:
        return list(session.exec(select(OutboxMail).where(col(OutboxMail.copy_of).is_not(None))))


def test_a_copy_has_a_key_an_id_and_a_link_of_its_own_and_goes_where_its_receiver_is_now(
    database: Database, settings: Settings
) -> None:
    first = sent(database)
    with database.writing() as session:
        account = session.get_one(Account, session.get_one(OutboxMail, first).account_id)
        account.email = "new@example.org"
        made = again(session, first, settings)
        assert made.key.endswith(".again-1")
        assert handed_on_key(made.key, account.id or 0, 99) == made.key.replace(f".{account.id}.", ".99.")
    (copy,) = copies(database)
    with database.reading() as session:
        original = session.get_one(OutboxMail, first)
        assert (copy.copy_of, copy.resent_by, copy.reason) == (first, 1, "收件人反映未收到")
        assert (copy.to_address, copy.department_id) == ("new@example.org", original.department_id)
        assert (copy.text, copy.subject) == (original.text, f"再次发送：{original.subject}")
        assert copy.message_id != original.message_id
        assert copy.state is MailState.QUEUED
        links = session.exec(select(ReportLink).where(ReportLink.mail_id == copy.id)).all()
        assert len(links) == 1


def test_the_same_form_sent_twice_at_once_makes_one_copy(database: Database, settings: Settings) -> None:
    first = sent(database)
    barrier = threading.Barrier(2)
    made: list[int | None] = []

    def click() -> None:
        barrier.wait()
        with database.writing() as session:
            made.append(again(session, first, settings).id)

    clicks = [threading.Thread(target=click) for _click in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert len(made) == 2
    assert len(set(made)) == 1
    assert len(copies(database)) == 1


def test_somebody_elses_copy_is_not_taken_for_ones_own(database: Database, settings: Settings) -> None:
    first = sent(database)
    with database.writing() as session:
        again(session, first, settings)
    for changed in ({"by": 2}, {"reason": "另一个原因"}, {"seen": 1}, {"seen": 7}, {"seen": -1}):
        with pytest.raises(Overtaken), database.writing() as session:
            again(session, first, settings, **changed)
    assert len(copies(database)) == 1


def test_a_copy_of_a_copy_is_one_of_the_first_mail(database: Database, settings: Settings) -> None:
    first = sent(database)
    with database.writing() as session:
        again(session, first, settings)
    with database.writing() as session:
        claimed = claim_next(session, SOON)
        assert claimed is not None
        mark_failed(session, claimed, SOON, error="550", permanent=True, fault=MailFault.ADDRESS)
    with database.writing() as session:
        made = again(session, claimed.id or 0, settings, seen=1, now=SOON + timedelta(minutes=1))
        assert (made.copy_of, made.key.endswith(".again-2")) == (first, True)
        assert made.subject.count("再次发送") == 1


def test_what_was_dropped_and_is_sent_again_has_a_link_that_works(database: Database, settings: Settings) -> None:
    with database.writing() as session:
        mail = run_mail(session)
        mail.text, mail.html = f"文 {MARKED}", f'<a href="{MARKED}">填报</a>'
        session.flush()
        drop_mail(session, mail, reason="重复", now=SOON)
        first = mail.id or 0
    with database.writing() as session:
        copy_id = again(session, first, settings).id
    with database.reading() as session:
        copy = session.get_one(OutboxMail, copy_id)
        assert token_to_send(session, Sealer(settings.var_dir), copy, settings=settings, now=SOON) is not None
    with database.writing() as session:
        assert revoke_link_of_mail(session, first, now=SOON), "the links of copies go with it"
    with database.reading() as session:
        assert token_to_send(session, Sealer(settings.var_dir), copy, settings=settings, now=SOON) is None


def test_who_may_not_read_it_any_more_gets_no_copy(database: Database, settings: Settings) -> None:
    first = sent(database)
    with database.writing() as session:
        account = session.get_one(Account, session.get_one(OutboxMail, first).account_id)
        other = session.exec(select(Department).where(Department.name == "丙局")).one()
        account.department_id = other.id
    with pytest.raises(Invalid) as refused, database.writing() as session:
        again(session, first, settings)
    assert "已不在该单位" in refused.value.fields["reason"]


@pytest.mark.parametrize("reason", ["", "一" * 501, "甲\n乙", "甲\u202e乙"])
def test_a_reason_is_wanted(database: Database, settings: Settings, reason: str) -> None:
    first = sent(database)
    with pytest.raises(Invalid), database.writing() as session:
        again(session, first, settings, reason=reason)


def test_only_ended_mails_of_a_run_are_sent_again(database: Database, settings: Settings) -> None:
    with database.writing() as session:
        waiting = run_mail(session).id or 0
    with pytest.raises(Overtaken), database.writing() as session:
        again(session, waiting, settings)
    with database.writing() as session:
        mail = session.get_one(OutboxMail, waiting)
        mail.kind, mail.state = "link", MailState.SENT
    with pytest.raises(Overtaken), database.writing() as session:
        again(session, waiting, settings)


def _hold(session: Session, mail: OutboxMail) -> None:
    hold_mail(session, mail, reason="核对", by=1, now=SOON)


def _drop(session: Session, mail: OutboxMail) -> None:
    drop_mail(session, mail, reason="核对", now=SOON)


def _release(session: Session, mail: OutboxMail) -> None:
    release_mail(session, mail, reason="核对")


@pytest.mark.parametrize("steer", [_hold, _drop, _release])
def test_a_mail_that_the_sender_took_meanwhile_can_be_steered_no_more(
    database: Database, steer: Callable[[Session, OutboxMail], None]
) -> None:
    with database.writing() as session:
        mail_id = run_mail(session).id or 0
    with database.writing() as session:
        assert claim_next(session, SOON) is not None
    with pytest.raises(Overtaken) as late, database.writing() as session:
        steer(session, session.get_one(OutboxMail, mail_id))
    assert "正在发送" in late.value.message


def test_the_sender_takes_no_mail_that_was_held_while_it_looked(database: Database) -> None:
    with database.writing() as session:
        mail = run_mail(session)
        hold_mail(session, mail, reason="核对", by=1, now=NOW)
        hold_mail(session, mail, reason="核对", by=1, now=SOON)  # a double click
        assert (mail.held_by, mail.held_at) == (1, NOW)
        with pytest.raises(Overtaken):
            hold_mail(session, mail, reason="核对", by=2, now=SOON)
    with database.writing() as session:
        assert claim_next(session, SOON) is None
    with database.writing() as session:
        mail = session.exec(select(OutboxMail)).one()
        release_mail(session, mail, reason="已核对")
        with pytest.raises(Overtaken):
            release_mail(session, mail, reason="已核对")
    with database.writing() as session:
        assert claim_next(session, SOON) is not None
