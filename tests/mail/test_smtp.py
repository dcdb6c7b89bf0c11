"""Mails through a real SMTP server, and into files."""

import email
import email.policy
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from sqlmodel import select

from app.db import Database
from app.mail.compose import Attachment, Letter
from app.mail.eml_files import FileTransport
from app.mail.keys import message_id, run_mail_key
from app.mail.message import BadAddress, build_message
from app.mail.outbox import DELAYS, queue
from app.mail.send import send_one, transport_for
from app.mail.smtp import SmtpTransport
from app.mail.transport import NotSent
from app.models import Account, OutboxMail
from app.models.digest_run import RunKind
from app.models.outbox_mail import MailState
from app.settings import Settings
from tests.conftest import NOW, SHANGHAI
from tests.mail.test_outbox import StandingClock

SENDER = "duban@office.example.org"
CERTIFICATE = Path(__file__).with_name("localhost.pem")


class Office:
    """A mail server that answers as it is told: `to_rcpt` and `to_data` are lists of answers, then it accepts."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.to_data: list[str] = []
        self.to_rcpt: dict[str, str] = {}
        self.drop_after_data = False
        self.users: list[bytes] = []

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.to_rcpt.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.drop_after_data:
            self.envelopes.append(envelope)
            server.transport.close()
            return "250 never heard"
        answer = self.to_data.pop(0) if self.to_data else "250 OK"
        if answer.startswith("250"):
            self.envelopes.append(envelope)
        return answer

    def login(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.users.append(data.login)
        return AuthResult(success=(data.login, data.password) == (b"du@ban", b"p@ss:word/1"), handled=False)

    def messages(self) -> list[EmailMessage]:
        return [parsed(envelope.content) for envelope in self.envelopes]


def parsed(content: bytes | str | None) -> EmailMessage:
    assert isinstance(content, bytes)
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.fixture
def office() -> Office:
    return Office()


Serve = Callable[..., tuple[str, int]]


@pytest.fixture
def serve(office: Office) -> Iterator[Serve]:
    controllers: list[Controller] = []

    def start(**options: Any) -> tuple[str, int]:
        with socket.socket() as probe:  # the controller calls itself back and must know its port beforehand
            probe.bind(("127.0.0.1", 0))
            address: tuple[str, int] = probe.getsockname()
        controller = Controller(office, hostname=address[0], port=address[1], **options)
        controller.start()
        controllers.append(controller)
        return address

    yield start
    for controller in controllers:
        controller.stop()


def transport(url: str, context: ssl.SSLContext | None = None) -> SmtpTransport:
    return SmtpTransport(url, sender=SENDER, zone=SHANGHAI, context=context, timeout=5)


@pytest.fixture
def way_out(serve: Serve) -> SmtpTransport:
    host, port = serve()
    return transport(f"smtp://{host}:{port}")


def its_certificate() -> ssl.SSLContext:
    """What the server shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def trusting() -> ssl.SSLContext:
    """A client that believes it."""
    return ssl.create_default_context(cafile=CERTIFICATE)


def mail(**values: Any) -> OutboxMail:
    key = "daily.test.2024-11-25.1"
    standard = {
        "key": key,
        "message_id": message_id(key, "c0de", SENDER),
        "kind": "daily",
        "to_name": "区卫生健康委联络员",
        "to_address": "liaison@health.example.org",
        "subject": "【督办提醒】逾期2项、临期3项（11月25日）",
        "text": "区卫生健康委联络员：\n\n. 一行以句点开头\n",
        "html": '<!doctype html><html lang="zh-CN"><p>逾期2项</p></html>',
        "state": MailState.SENDING,
        "attempts": 1,
        "next_try_at": NOW,
        "created_at": NOW,
        "attachments": [Attachment("西城区逾期清单〔2024〕第48期.xlsx", "application/zip", b"PK\x03\x04\x00").stored()],
    }
    return OutboxMail(**(standard | values))


def queue_to(database: Database, *addresses: str) -> None:
    with database.writing() as session:
        for number, address in enumerate(addresses):
            receiver = session.get_one(Account, number + 1)
            receiver.email, account = address, receiver.id or 0
            key = f"daily.test.2024-11-25.{number}"
            letter = Letter(
                key, message_id(key, "c0de", SENDER), account, "甲局联络员", address, "主题", "正文", "<p>正文</p>"
            )
            queue(session, letter, kind="daily", region_id=None, now=NOW + timedelta(microseconds=number))


def states(database: Database) -> list[tuple[str, MailState, int, bool]]:
    with database.reading() as session:
        rows = session.exec(select(OutboxMail).order_by(OutboxMail.id)).all()
        return [(row.to_address, row.state, row.attempts, row.in_doubt) for row in rows]


def test_a_mail_arrives_with_everything_in_it(office: Office, way_out: SmtpTransport) -> None:
    way_out.send(mail(), NOW)
    envelope, message = office.envelopes[0], office.messages()[0]
    assert envelope.mail_from == SENDER
    assert envelope.rcpt_tos == ["liaison@health.example.org"]
    assert message["From"].addresses[0].display_name == "督办系统"
    assert message["From"].addresses[0].addr_spec == SENDER
    assert message["To"].addresses[0].display_name == "区卫生健康委联络员"
    assert message["Subject"] == "【督办提醒】逾期2项、临期3项（11月25日）"
    assert message["Date"].datetime == NOW
    assert message["Date"].endswith("+0800")
    assert message["Message-ID"] == "<daily.test.2024-11-25.1.c0de@office.example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines() == ["区卫生健康委联络员：", "", ". 一行以句点开头"]
    assert '<html lang="zh-CN"><p>逾期2项</p>' in html.get_content()
    (attachment,) = message.iter_attachments()
    assert attachment.get_filename() == "西城区逾期清单〔2024〕第48期.xlsx"
    assert attachment.get_content() == b"PK\x03\x04\x00"


def test_only_ascii_is_on_the_wire(office: Office, way_out: SmtpTransport) -> None:
    way_out.send(mail(), NOW)
    content = office.envelopes[0].content
    assert isinstance(content, bytes)
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= 998


def test_the_same_message_id_goes_out_again_after_a_refusal_for_now(
    database: Database, office: Office, way_out: SmtpTransport
) -> None:
    queue_to(database, "a@example.org")
    office.to_data = ["451 4.7.1 greylisted, come back"]
    clock = StandingClock(NOW + timedelta(seconds=1))
    assert send_one(database, way_out, clock)
    assert not send_one(database, way_out, clock)
    assert states(database) == [("a@example.org", MailState.QUEUED, 1, False)]
    clock.at += DELAYS[0]
    assert send_one(database, way_out, clock)
    assert states(database) == [("a@example.org", MailState.SENT, 2, False)]
    assert [message["Message-ID"] for message in office.messages()] == [
        "<daily.test.2024-11-25.0.c0de@office.example.org>"
    ]


def test_one_refused_recipient_stops_nobody(database: Database, office: Office, way_out: SmtpTransport) -> None:
    queue_to(database, "a@example.org", "gone@example.org", "not an address", "名字@example.org", "c@example.org")
    office.to_rcpt = {"gone@example.org": "550 5.1.1 no such user"}
    clock = StandingClock(NOW + timedelta(seconds=1))
    while send_one(database, way_out, clock):
        pass
    assert [state for _to, state, _attempts, _doubt in states(database)] == [
        MailState.SENT,
        MailState.FAILED,
        MailState.FAILED,
        MailState.FAILED,
        MailState.SENT,
    ]
    assert [envelope.rcpt_tos for envelope in office.envelopes] == [["a@example.org"], ["c@example.org"]]
    with database.reading() as session:
        gone = session.exec(select(OutboxMail).where(OutboxMail.to_address == "gone@example.org")).one()
        assert "550 5.1.1 no such user" in gone.error


def test_content_refused_for_good_is_not_tried_again(office: Office, way_out: SmtpTransport) -> None:
    office.to_data = ["554 5.7.1 looks like spam"]
    with pytest.raises(NotSent) as refused:
        way_out.send(mail(), NOW)
    assert refused.value.permanent
    assert not refused.value.in_doubt
    assert "554 5.7.1 looks like spam" in refused.value.reason


def test_a_connection_that_breaks_after_the_content_leaves_a_doubt(
    database: Database, office: Office, way_out: SmtpTransport
) -> None:
    queue_to(database, "a@example.org")
    office.drop_after_data = True
    clock = StandingClock(NOW + timedelta(seconds=1))
    send_one(database, way_out, clock)
    assert states(database) == [("a@example.org", MailState.QUEUED, 1, True)]
    office.drop_after_data = False
    clock.at += DELAYS[0]
    send_one(database, way_out, clock)
    assert states(database) == [("a@example.org", MailState.SENT, 2, True)]
    first, second = office.messages()
    assert first["Message-ID"] == second["Message-ID"]


def test_without_a_server_the_mail_waits(database: Database, serve: Serve) -> None:
    queue_to(database, "a@example.org")
    clock = StandingClock(NOW + timedelta(seconds=1))
    send_one(database, transport("smtp://127.0.0.1:1"), clock)
    assert states(database) == [("a@example.org", MailState.QUEUED, 0, False)], "no attempt was made"


def test_a_login_is_made_with_what_the_address_says(office: Office, serve: Serve) -> None:
    _host, port = serve(authenticator=office.login, auth_required=True, tls_context=its_certificate())
    transport(f"smtp+starttls://du%40ban:p%40ss%3Aword%2F1@localhost:{port}", trusting()).send(mail(), NOW)
    assert office.users == [b"du@ban"]
    assert len(office.envelopes) == 1


def test_a_wrong_password_is_no_fault_of_the_mail(office: Office, serve: Serve) -> None:
    _host, port = serve(authenticator=office.login, auth_required=True, tls_context=its_certificate())
    for who in ("duban:wrong@", "%E7%9D%A3%E5%8A%9E:wrong@", ""):
        with pytest.raises(NotSent) as refused:
            transport(f"smtp+starttls://{who}localhost:{port}", trusting()).send(mail(), NOW)
        assert not refused.value.permanent
    assert office.envelopes == []


def test_the_connection_is_encrypted_where_the_address_says_so(office: Office, serve: Serve) -> None:
    _host, port = serve(tls_context=its_certificate(), require_starttls=True)
    transport(f"smtp+starttls://localhost:{port}", trusting()).send(mail(), NOW)
    with pytest.raises(NotSent):
        transport(f"smtp+starttls://localhost:{port}").send(mail(), NOW)  # a certificate that nobody vouches for
    _host, port = serve(ssl_context=its_certificate())
    transport(f"smtps://localhost:{port}", trusting()).send(mail(), NOW)
    assert len(office.envelopes) == 2


@pytest.mark.parametrize("name", ["甲\r\nBcc: victim@example.org", "‮gro.elpmaxe", 'a"b\\c <x@y>', "", "一" * 90])
def test_a_strange_name_cannot_add_a_header(office: Office, way_out: SmtpTransport, name: str) -> None:
    way_out.send(mail(to_name=name, subject=f"主题\nX-Evil: {name}"), NOW)
    message = office.messages()[0]
    assert message["Bcc"] is None
    assert message["X-Evil"] is None
    assert office.envelopes[0].rcpt_tos == ["liaison@health.example.org"]
    assert [address.addr_spec for address in message["To"].addresses] == ["liaison@health.example.org"]


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b@c", "a b@example.org", "a@example.org\nBcc: b@example.org", "@"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(BadAddress):
        build_message(mail(to_address=address), sender=SENDER, at=NOW)


def test_keys_name_run_and_account() -> None:
    key = run_mail_key(RunKind.WEEKLY, "xicheng", datetime(2024, 11, 25, tzinfo=SHANGHAI).date(), 17)
    assert key == "weekly.xicheng.2024-11-25.17"
    assert (
        message_id(key, "c0de", "督办 <duban@office.example.org>")
        == "<weekly.xicheng.2024-11-25.17.c0de@office.example.org>"
    )


def test_without_a_server_mails_become_files(settings: Settings) -> None:
    way_out = transport_for(settings)
    assert isinstance(way_out, FileTransport)
    way_out.send(mail(), NOW)
    way_out.send(mail(attempts=2), NOW)
    (file,) = settings.mail_dir.iterdir()
    assert file.name == "daily.test.2024-11-25.1.eml"
    message = parsed(file.read_bytes())
    assert message["To"].addresses[0].display_name == "区卫生健康委联络员"
    assert message["Date"].datetime == NOW


def test_a_key_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    way_out = FileTransport(tmp_path / "mail", sender=SENDER, zone=ZoneInfo("Asia/Shanghai"))
    way_out.send(mail(key="../../etc/passwd"), NOW)
    assert [file.name for file in (tmp_path / "mail").iterdir()] == [".._.._etc_passwd.eml"]


def test_a_folder_that_cannot_be_written_makes_the_mail_wait(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file where the folder should be")
    with pytest.raises(NotSent) as refused:
        FileTransport(tmp_path / "mail", sender=SENDER, zone=SHANGHAI).send(mail(), NOW)
    assert not refused.value.permanent
