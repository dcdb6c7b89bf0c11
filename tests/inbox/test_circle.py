"""The whole way: a reminder goes out by SMTP, its reply comes into a mailbox, and becomes a report."""

import socket
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Handler
from sqlmodel import select

from app.clock import HeldClock
from app.inbox.imap_mailbox import ImapMailbox
from app.jobs.read_inbox import read_mailbox
from app.mail.send import send_one, transport_for
from app.models import Evidence, Obligation, ProgressUpdate, UpdateDraft
from app.models.inbound_mail import InboundKind
from app.models.mailed_answer import AnswerState
from tests.conftest import Person
from tests.documents import samples
from tests.history import History
from tests.inbox import dovecot
from tests.inbox.conftest import Office


class Kept(Handler):
    def __init__(self) -> None:
        super().__init__()
        self.mails: dict[str, EmailMessage] = {}

    def handle_message(self, message: object) -> None:
        content: bytes = message.as_bytes()  # type: ignore[attr-defined]
        parsed = message_from_bytes(content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails[parsed["To"].addresses[0].addr_spec] = parsed


@pytest.fixture
def smtp() -> Iterator[tuple[str, Kept]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = Kept()
    controller = Controller(kept, hostname="127.0.0.1", port=port)
    controller.start()
    yield f"smtp://127.0.0.1:{port}", kept
    controller.stop()


def answered(received: EmailMessage) -> EmailMessage:
    """What a mail program makes of "reply"."""
    reply = EmailMessage()
    reply["From"] = str(received["To"])
    reply["To"] = str(received["From"])
    reply["Subject"] = f"回复: {received['Subject']}"
    reply["Message-ID"] = "<1@client.example.org>"
    reply["In-Reply-To"] = reply["References"] = str(received["Message-ID"])
    body = received.get_body(("plain",))
    assert body is not None
    quoted = "".join(f"> {line}\n" for line in body.get_content().splitlines())
    reply.set_content(f"三场宣传活动均已举办。\n\n在 2024-11-25 08:30:00，“督办系统” 写道：\n{quoted}")
    reply.add_attachment(samples.PDF, maintype="application", subtype="pdf", filename="活动总结.pdf")
    return reply


def test_from_the_reminder_to_the_report(
    office: Office,
    history: History,
    smtp: tuple[str, Kept],
    imap: dovecot.Dovecot,
    clock: HeldClock,
    sign_in: Callable[[str], Person],
) -> None:
    url, kept = smtp
    way_out = transport_for(office.settings.model_copy(update={"smtp_url": url}))
    while send_one(office.database, way_out, clock):
        pass
    letter = office.letter("甲局联络员")
    imap.deliver(answered(kept.mails[letter.to_address]).as_bytes())
    reading = read_mailbox(office.settings, clock, office.database, ImapMailbox(imap.url()), threading.Event())
    assert (reading.fault, reading.counts) == ("", {InboundKind.ANSWER: 1})

    liaison = sign_in("甲局联络员")
    key = history.key("甲局")
    assert "1条邮件答复待确认" in liaison.get("/obligations").text
    shown = liaison.get("/answers").text
    assert "三场宣传活动均已举办。" in shown
    assert "活动总结.pdf" in shown
    (answer,) = office.answers()
    taken = liaison.post(f"/answers/{answer.id}/take")
    assert taken.headers["location"] == f"/obligations/{key}?notice=answer-taken#report-form"
    form = liaison.get(f"/obligations/{key}").text
    assert "三场宣传活动均已举办。" in form
    with office.database.reading() as session:
        draft = session.exec(select(UpdateDraft)).one()
        revision = session.get_one(Obligation, key).revision
    sent = liaison.post(f"/obligations/{key}/updates", {**draft.typed, "revision": revision})
    assert sent.status_code == 303, sent.text
    with office.database.reading() as session:
        assert session.exec(select(ProgressUpdate)).one().text == "三场宣传活动均已举办。"
        assert session.exec(select(Evidence)).one().file_name == "活动总结.pdf"
    (answer,) = office.answers()
    assert (answer.state, answer.settled_by) == (AnswerState.TAKEN, office.account("甲局联络员").id)
