"""An office that has sent its reminders, and what comes back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Any

import pytest
from sqlmodel import select

from app.changes.make_digest_run import make_run
from app.changes.take_in_mail import TakenIn, take_in_mail
from app.db import Database
from app.documents.evidence_store import EvidenceStore
from app.inbox.mailbox import RawMail
from app.models import Account, InboundMail, MailedAnswer, OutboxMail, Region
from app.models.digest_run import RunKind
from app.settings import Settings
from app.trail import keep_trail
from tests.conftest import NOW, TODAY
from tests.inbox import dovecot


@dataclass(frozen=True)
class Office:
    database: Database
    settings: Settings
    store: EvidenceStore

    def account(self, login: str) -> Account:
        with self.database.reading() as session:
            return session.exec(select(Account).where(Account.login == login)).one()

    def letter(self, login: str) -> OutboxMail:
        """The reminder to this account."""
        with self.database.reading() as session:
            mail = session.exec(select(OutboxMail).where(OutboxMail.account_id == self.account(login).id)).one()
            session.expunge(mail)
            return mail

    def take(self, raw: bytes | EmailMessage, now: datetime = NOW) -> TakenIn:
        content = raw if isinstance(raw, bytes) else raw.as_bytes()
        return take_in_mail(self.database, self.settings, self.store, RawMail("1", content, len(content)), now=now)

    def inbound(self) -> Sequence[InboundMail]:
        with self.database.reading() as session:
            return session.exec(select(InboundMail).order_by(InboundMail.id)).all()  # type: ignore[arg-type]

    def answers(self) -> Sequence[MailedAnswer]:
        with self.database.reading() as session:
            return session.exec(select(MailedAnswer).order_by(MailedAnswer.id)).all()  # type: ignore[arg-type]

    def change(self, login: str, **values: Any) -> None:
        with self.database.writing() as session:
            account = session.exec(select(Account).where(Account.login == login)).one()
            account.sqlmodel_update(values)
            session.add(account)

    def reply(self, login: str, text: str, *, number: int = 1, **headers: str) -> EmailMessage:
        """As the account's mail program writes it."""
        letter = self.letter(login)
        message = EmailMessage()
        standing = {
            "From": f"{login} <{letter.to_address}>",
            "To": "督办系统 <duban@localhost.localdomain>",
            "Subject": f"回复：{letter.subject}",
            "Message-ID": f"<{number}@client.example.org>",
            "In-Reply-To": letter.message_id,
            "References": letter.message_id,
        }
        for name, value in {**standing, **{name.replace("_", "-"): text for name, text in headers.items()}}.items():
            if value:
                message[name] = value
        message.set_content(text)
        return message


@pytest.fixture
def office(database: Database, settings: Settings) -> Office:
    keep_trail(database)
    with database.reading() as session:
        region_id = session.exec(select(Region.id).where(Region.code == "test")).one()
    make_run(database, lambda: None, region_id or 0, RunKind.DAILY, TODAY, now=NOW, by=None, settings=settings)
    return Office(database, settings, EvidenceStore(settings.evidence_dir, 1024 * 1024))


@pytest.fixture(scope="session")
def imap_server() -> Iterator[dovecot.Dovecot]:
    if dovecot.PROGRAM is None:
        pytest.skip("there is no Dovecot (apt-get install dovecot-imapd)")
    with dovecot.running() as server:
        yield server


@pytest.fixture
def imap(imap_server: dovecot.Dovecot) -> dovecot.Dovecot:
    imap_server.empty()
    return imap_server
