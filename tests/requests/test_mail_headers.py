"""Nothing that somebody typed becomes a header of a mail: from the real outbox to the file on disk."""

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.db import Database
from app.mail.compose import Attachment, Letter
from app.mail.eml_files import FileTransport
from app.mail.outbox import queue
from app.mail.send import send_one
from app.models import Account
from tests.conftest import NOW
from tests.mail.test_outbox import StandingClock

WANTED = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"}
BAIT = "\r\nBcc: everybody@evil.example\r\n\r\n<script>"
LINES = [
    BAIT,
    "\nX-Evil: 1",
    "\rX-Evil: 1",
    "\u2028X-Evil: 1",
    "\x00X-Evil: 1",
    "=?utf-8?q?=0d=0aBcc:_x?=",
    "\u202eevil",
]


def sent(database: Database, folder: Path, bait: str, **changed: str) -> list[EmailMessage]:
    with database.writing() as session:
        account = session.get_one(Account, 1)
        said = {
            "to_name": f"甲局{bait}",
            "to_address": "a@example.org",
            "subject": f"提醒{bait}",
            "file_name": f"清单{bait}.xlsx",
        }
        said |= changed
        account.email = said["to_address"]
        letter = Letter(
            key="daily.1",
            message_id="<daily.1@example.org>",
            account_id=account.id or 0,
            to_name=said["to_name"],
            to_address=said["to_address"],
            subject=said["subject"],
            text=f"正文{bait}",
            html="<p>正文</p>",
            attachments=(Attachment(said["file_name"], "application/octet-stream", b"x"),),
        )
        queue(session, letter, kind="daily", region_id=None, now=NOW)
    transport = FileTransport(folder, sender="duban@example.org", zone=ZoneInfo("Asia/Shanghai"))
    send_one(database, transport, StandingClock())
    parser = BytesParser(EmailMessage, policy=policy.default)
    return [parser.parsebytes(path.read_bytes()) for path in folder.glob("*.eml")]  # type: ignore[arg-type]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("bait", LINES, ids=range(len(LINES)))
def test_names_and_subjects_stay_one_line(database: Database, tmp_path: Path, bait: str) -> None:
    (mail,) = sent(database, tmp_path / "mail", bait)
    assert set(mail.keys()) - {"MIME-Version", "Content-Type"} == WANTED
    assert [address.addr_spec for address in mail["To"].addresses] == ["a@example.org"]
    assert all(ord(sign) >= 32 for name in WANTED for sign in str(mail[name]))
    for part in mail.walk():
        assert set(part.keys()) & {"Bcc", "X-Evil", "Cc"} == set()
    (file,) = mail.iter_attachments()
    assert "\n" not in (file.get_filename() or "")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "address",
    [
        "a@example.org\r\nBcc: b@evil.example",
        "a@example.org, b@evil.example",
        "a@example.org>, <b@evil.example",
        "甲@example.org",
    ],
    ids=["a second header", "a second person", "out of the brackets", "not ASCII"],
)
def test_an_address_that_is_more_than_one_is_not_written_to(database: Database, tmp_path: Path, address: str) -> None:
    assert sent(database, tmp_path / "mail", "", to_address=address) == []
