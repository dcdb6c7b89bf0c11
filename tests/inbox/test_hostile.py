"""Mails that were made to hold up the worker: refused before they are parsed, or looked at in their beginning alone."""

import logging
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.clock import HeldClock
from app.inbox import delivery_report as report
from app.inbox.maildir_mailbox import MaildirMailbox
from app.inbox.parsing_cost import is_too_costly
from app.inbox.received import Part
from app.jobs.read_inbox import LONGEST, read_mailbox
from app.models.inbound_mail import InboundKind
from tests.inbox import dovecot
from tests.inbox.conftest import Office

FROM = b"From: a@example.org\r\nMIME-Version: 1.0\r\n"
STATUS = b"Content-Type: message/delivery-status\r\n\r\n"


def nested(levels: int, lines: int, parameter: str = "boundary=", content: bytes = b"\r\n") -> bytes:
    begins = "".join(
        f'Content-Type: multipart/mixed;\r\n {parameter}"b{level}"\r\n\r\n--b{level}\r\n' for level in range(levels)
    )
    return FROM + begins.encode() + b"\r\n" + content * lines


@pytest.mark.parametrize(
    "content",
    [
        nested(60, 70_000),
        nested(60, 70_000, "Boundary*0="),
        nested(60, 70_000, "bOUNDARY*="),
        nested(60, 70_000, "boundary \t="),
        nested(20, 400_000),
        nested(20, 400_000, content=b"\r"),
        nested(0, 5_000_000, content=b"\n"),
        nested(1, 20_000, content=b"--b0\r\n\r\n"),
        FROM + b"Content-Type: message/rfc822\r\n\r\n" * 60,
        FROM + STATUS + b"\n" * 50_000,
        FROM + b'Content-Type: text/plain; a="' + b";" * 200_000 + b"\r\n\r\n",
        nested(1, 190, content=b'--b0\r\nContent-Type: text/plain; a="' + b";" * 7900 + b"\r\n\r\n"),
        nested(1, 1, content=b"--b0\r\nContent-Disposition: x\r\n" + b" ;;;;\r\n" * 100_000),
    ],
)
def test_a_mail_that_costs_too_much_is_not_parsed(
    office: Office, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    parsed: list[bytes] = []
    parse = BytesParser.parsebytes

    def counted(self: Any, text: bytes, headersonly: Any = None) -> Any:
        if not headersonly:
            parsed.append(text)
        return parse(self, text, bool(headersonly))

    monkeypatch.setattr(BytesParser, "parsebytes", counted)
    taken = office.take(content)
    assert (taken.kind, taken.outcome) == (InboundKind.UNREADABLE, "邮件结构过于复杂，未读取。")
    assert taken.from_address == "a@example.org"
    assert parsed == []


def test_large_ordinary_mails_are_not_refused() -> None:
    message = EmailMessage()
    message["From"] = "a@example.org"
    message.set_content("见附件\n" * 1000)
    message.add_alternative("<p>x</p>", subtype="html")
    for number in range(2):
        message.add_attachment(b"\x00" * 10_000_000, maintype="application", subtype="pdf", filename=f"{number}.pdf")
    content = message.as_bytes()
    assert content.count(b"\n") > 300_000
    assert not is_too_costly(content)
    assert not is_too_costly(nested(19, 100_000))
    forwarded = EmailMessage()
    for _number in range(10):
        one = EmailMessage()
        one.set_content("x")
        one.add_alternative("<p>x</p>", subtype="html")
        forwarded.add_attachment(one)
    assert not is_too_costly(forwarded.as_bytes())


def forged(office: Office, content: str) -> EmailMessage:
    message = office.reply("甲局联络员", "x", From="mailer-daemon@example.org")
    message.add_attachment(content, filename="x.txt")
    message.add_attachment(content, disposition="inline")
    message.add_attachment(message_from_bytes(b"Subject: x\n\n" + content.encode(), _class=EmailMessage))
    return message


def test_a_forged_report_is_looked_at_in_its_beginning_alone(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Part] = []

    def failures(message: Part) -> tuple[Sequence[bytes], Sequence[bytes]]:
        seen.append(message)
        return [], []

    monkeypatch.setattr(report, "all_failures", failures)
    monkeypatch.setattr(report, "_MOST_TEXT", 2000)
    office.take(forged(office, "<a@b> \n" * 100))
    (message,) = seen
    leaves = [part.get_payload() for part in message.walk() if not part.is_multipart()]
    assert leaves[1] == ""  # the file
    assert 600 < sum(len(text) for text in leaves if isinstance(text, str)) <= 2000

    long = message_from_bytes(b"X-A: " + b"a" * 5000 + b"\n\n" + b"<a@b>" * 100_000)
    text = report.shortened(long).get_payload()
    assert isinstance(text, str)
    assert len(text) == 1000


def test_what_the_library_fails_on_leaves_no_traceback(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_self: object, _message: object) -> None:
        raise ValueError

    monkeypatch.setattr("flufl.bounce._detectors.simplematch.SimpleMatch.process", fails)
    with caplog.at_level(logging.INFO, "app.inbox"):
        office.take(forged(office, "x"))
    assert [record for record in caplog.records if record.exc_info or record.levelno > logging.INFO] == []
    assert any("ValueError" in record.getMessage() for record in caplog.records)


def test_a_reading_that_takes_long_ends_and_the_next_goes_on(office: Office, tmp_path: Path) -> None:
    class Slow(HeldClock):
        moment = datetime(2024, 11, 25, tzinfo=UTC)

        def wall(self) -> datetime:
            self.moment += LONGEST - timedelta(seconds=5)
            return self.moment

    clock = Slow(date(2024, 11, 25), ZoneInfo("Asia/Shanghai"))
    folder = dovecot.make_maildir(tmp_path / "mail")
    for number in range(5):
        dovecot.deliver(folder, office.reply("甲局联络员", "已完成", number=number).as_bytes(), f"{number}.a")
    beats: list[int] = []
    taken = []
    for _reading in range(4):
        mailbox, going_on = MaildirMailbox(folder), threading.Event()
        reading = read_mailbox(
            office.settings, clock, office.database, mailbox, going_on, still=lambda: beats.append(1)
        )
        taken.append(len(reading.taken))
    assert taken == [2, 2, 1, 0]
    assert len(beats) == 5
