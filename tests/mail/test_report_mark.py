"""The token of a report link gets into the mail as it is sent, and nowhere else."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from sqlmodel import Session, col, select

from app.changes.make_digest_run import make_run
from app.changes.report_links import revoke_link_of_mail, token_to_send
from app.clock import HeldClock
from app.db import Database
from app.jobs.send_mail import finisher
from app.mail.covered_links import covered_mail
from app.mail.report_mark import MARK, PATH, with_link
from app.mail.send import send_one
from app.models import Account, OutboxMail, Region, ReportLink
from app.models.digest_run import RunKind
from app.sealing import KEY_FILE, Sealer
from app.settings import Settings
from tests.conftest import NOW, TODAY
from tests.mailed_links import mailed
from tests.requests.rows import all_rows

SITE = "https://duban.example"
MARKED = SITE + PATH + MARK


def filled(text: str, html: str = "", token: str | None = "TOKEN") -> tuple[str, str]:  # noqa: S107 (not a secret)
    mail = OutboxMail(key="k", message_id="m", kind="daily", to_address="a", subject="s", text=text, html=html)
    done = with_link(mail, token, site=SITE)
    return done.text, done.html


def test_the_token_stands_where_the_mark_stood() -> None:
    assert filled(f"填报：\n{MARKED}\n", f'<a href="{MARKED}">{MARKED}</a>') == (
        f"填报：\n{SITE}/r/TOKEN\n",
        f'<a href="{SITE}/r/TOKEN">{SITE}/r/TOKEN</a>',
    )


def test_without_a_token_the_address_asks_for_signing_in() -> None:
    assert filled(f"填报：\n{MARKED}\n", f'<a href="{MARKED}">', None) == (
        f"填报：\n{SITE}/obligations\n",
        f'<a href="{SITE}/obligations">',
    )


@pytest.mark.parametrize(
    "trap",
    [
        f"https://evil.example/?to={MARKED}",
        f"https://evil.example{PATH}{MARK}",
        f"{MARKED}@evil.example",
        f"{MARKED}.evil.example/",
        f"“{MARKED}”",
        MARK,
    ],
)
def test_what_people_wrote_around_the_mark_gets_no_token(trap: str) -> None:
    """A reason or a title may hold it, and a mail program makes a link of what looks like one."""
    assert filled(f"意见：{trap}。", f"<p>意见：{trap}。</p>") == (f"意见：{trap}。", f"<p>意见：{trap}。</p>")


@dataclass(frozen=True)
class Office:
    database: Database
    settings: Settings
    mail_id: int
    token: str

    def token_of(self, mail_id: int | None = None) -> str | None:
        with self.database.reading() as session:
            mail = session.get_one(OutboxMail, mail_id or self.mail_id)
            return token_to_send(session, Sealer(self.settings.var_dir), mail, settings=self.settings, now=NOW)


@pytest.fixture
def office(database: Database, settings: Settings) -> Office:
    token = mailed(database, settings, "乙局联络员", [1])
    with database.reading() as session:
        mail_id = session.exec(select(ReportLink.mail_id)).one()
    return Office(database, settings, mail_id, token)


def copied(session: Session, mail_id: int, account_id: int | None = None) -> int:
    first = session.get_one(OutboxMail, mail_id)
    values = first.model_dump(exclude={"id"}) | {"key": "again", "message_id": "<again@x>", "copy_of": mail_id}
    copy = OutboxMail(**values | ({"account_id": account_id} if account_id else {}))
    session.add(copy)
    session.flush()
    return copy.id or 0


def test_a_mail_that_is_sent_again_carries_the_same_link_and_one_to_somebody_else_none(office: Office) -> None:
    with office.database.writing() as session:
        again = copied(session, office.mail_id)
    assert office.token_of() == office.token_of(again) == office.token
    with office.database.writing() as session:
        session.get_one(OutboxMail, again).account_id = session.exec(
            select(Account.id).where(Account.login == "丙局联络员")
        ).one()
    assert office.token_of(again) is None


def test_a_link_that_was_revoked_while_the_mail_waited_is_not_sent(office: Office) -> None:
    with office.database.writing() as session:
        assert revoke_link_of_mail(session, office.mail_id, now=NOW)
    assert office.token_of() is None


def test_under_another_key_or_none_the_mail_goes_out_without_its_link(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """A reminder never waits for it, and the log says why."""
    key: Path = office.settings.var_dir / KEY_FILE
    key.write_bytes(Fernet.generate_key())
    assert office.token_of() is None
    key.unlink()
    assert office.token_of() is None
    assert not key.exists(), "a lost key is not made anew in silence"
    assert caplog.text.count("without its report link") == 2
    assert office.token not in caplog.text


def test_from_run_to_mailbox_the_token_is_in_the_mail_alone(
    database: Database, settings: Settings, clock: HeldClock
) -> None:
    with database.reading() as session:
        region = session.exec(select(Region.id).where(Region.code == "test")).one() or 0
    make_run(database, lambda: None, region, RunKind.DAILY, TODAY, now=NOW, by=None, settings=settings)
    sent: list[OutboxMail] = []

    class Box:
        def send(self, mail: OutboxMail, _now: object) -> None:
            sent.append(mail)

    while send_one(database, Box(), clock, finish=finisher(settings, clock)):
        pass
    with database.reading() as session:
        stored = session.exec(select(OutboxMail).where(col(OutboxMail.text).contains(MARK))).all()
        sealer = Sealer(settings.var_dir)
        tokens = [token_to_send(session, sealer, mail, settings=settings, now=NOW) for mail in stored]
        assert all(MARK not in covered_mail(mail).text + covered_mail(mail).html for mail in stored)
    everything = str(all_rows(database))
    assert len(tokens) == 5
    for token in tokens:
        assert token is not None
        assert token not in everything
        assert sum(f"{settings.site}/r/{token}" in mail.text and token in mail.html for mail in sent) == 1
    assert not any(MARK in mail.text + mail.html for mail in sent)
