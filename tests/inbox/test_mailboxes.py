"""A real IMAP server and a maildir: what is new is read once, whatever else happens to the mailbox meanwhile."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.changes.take_in_mail import take_in_mail
from app.clock import HeldClock
from app.inbox import imap_mailbox
from app.inbox.imap_mailbox import ImapMailbox
from app.inbox.mailbox import MOST_BYTES, Mailbox, MailboxFault, RawMail
from app.inbox.maildir_mailbox import MaildirMailbox
from app.inbox.open_mailbox import mailbox_at
from app.jobs.beat import Heart
from app.jobs.read_inbox import Reading, read_inbox, read_mailbox
from app.models.inbound_mail import InboundKind
from tests.conftest import NOW
from tests.inbox import dovecot
from tests.inbox.conftest import Office

MAIL = b"From: a@example.org\r\nSubject: x\r\n\r\nhello\r\n"


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=dovecot.CERTIFICATE)


def all_of(mailbox: Mailbox, *, done: bool = True) -> list[RawMail]:
    found = []
    with mailbox.opened() as folder:
        for mail in folder.unread():
            found.append(mail)
            if done:
                folder.mark_done(mail)
    return found


@pytest.mark.parametrize("scheme", ["imap", "imaps", "imap+starttls"])
def test_new_mail_is_read_once_and_marked(imap: dovecot.Dovecot, scheme: str) -> None:
    imap.deliver(MAIL)
    imap.deliver(b"no mail at all")
    mailbox = ImapMailbox(imap.url(scheme), context=trusting())
    assert next(mail.content for mail in all_of(mailbox, done=False)) == MAIL
    assert len(all_of(mailbox)) == 2
    assert all_of(mailbox) == []
    assert all("S" in flags for flags in imap.flags().values())


def test_what_somebody_has_opened_in_a_mail_program_is_read_all_the_same(imap: dovecot.Dovecot) -> None:
    imap.deliver(MAIL, seen=True)
    assert len(all_of(ImapMailbox(imap.url()))) == 1
    assert all_of(ImapMailbox(imap.url())) == []


def test_a_huge_mail_is_read_no_further_than_its_beginning(
    imap: dovecot.Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap_mailbox, "MOST_BYTES", 5000)
    monkeypatch.setattr(imap_mailbox, "MOST_HEAD", 100)
    imap.deliver(MAIL + b"x" * 10_000)
    (mail,) = all_of(ImapMailbox(imap.url()))
    assert (len(mail.content), mail.cut) == (100, True)
    assert mail.size > 10_000


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ({"password": "wrong"}, "不接受用户名或密码"),
        ({"folder": "Nowhere"}, "读取邮箱localhost时出错"),
        ({"scheme": "imaps"}, "证书或加密连接有问题"),
    ],
)
def test_a_mailbox_that_does_not_open_is_said_without_the_password(
    imap: dovecot.Dovecot, url: dict[str, str], sentence: str
) -> None:
    with pytest.raises(MailboxFault, match=sentence) as fault:
        all_of(ImapMailbox(imap.url(**url)))
    assert "p@ss" not in str(fault.value)


@contextmanager
def server(*answers: bytes, then: float = 0) -> Iterator[int]:
    """Says these lines, one after each that it hears, with TAG as it was sent; then nothing, or it hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            opened, _address = listening.accept()
            with opened:
                tag = b""
                for answer in answers:
                    opened.sendall(answer.replace(b"TAG", tag))
                    tag = opened.recv(1000).partition(b" ")[0]
                time.sleep(then)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]


@pytest.mark.parametrize("answers", [(b"* OK hello\r\n",), (b"\x00\xff garbage\r\n",), (b"* BYE\r\n",), ()])
def test_a_server_that_breaks_off_or_talks_nonsense(answers: tuple[bytes, ...]) -> None:
    with server(*answers) as port, pytest.raises(MailboxFault):
        all_of(ImapMailbox(f"imap://a:b@127.0.0.1:{port}/INBOX", answer=2))


def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    capable = b"* CAPABILITY IMAP4rev1\r\nTAG OK done\r\n"
    with server(b"* OK hello\r\n", capable, then=10) as port, pytest.raises(MailboxFault):
        all_of(ImapMailbox(f"imap://a:b@127.0.0.1:{port}/INBOX", answer=60, longest=0.3))
    with pytest.raises(MailboxFault, match="连接不上"):
        all_of(ImapMailbox("imap://a:b@127.0.0.1:1/INBOX"))


def test_a_maildir_is_read_like_a_mailbox(tmp_path: Path) -> None:
    folder = dovecot.make_maildir(tmp_path / "mail")
    mailbox = mailbox_at(f"maildir://{folder}")
    dovecot.deliver(folder, MAIL, "1.a")
    dovecot.deliver(folder, MAIL, "2.b")
    (folder / "new" / "2.b").rename(folder / "cur" / "2.b:2,F")
    (folder / "new" / "3.link").symlink_to("/etc/passwd")
    assert [mail.name for mail in all_of(mailbox, done=False)] == ["new/1.a", "cur/2.b:2,F"]
    assert len(all_of(mailbox)) == 2
    assert all_of(mailbox) == []
    assert sorted(path.name for path in (folder / "cur").iterdir()) == ["1.a:2,S", "2.b:2,FS"]
    with pytest.raises(MailboxFault):
        all_of(MaildirMailbox(tmp_path / "nowhere"))


# The step of the worker


def read(office: Office, folder: Path, clock: HeldClock) -> Reading:
    return read_mailbox(office.settings, clock, office.database, MaildirMailbox(folder), threading.Event())


def test_a_crash_before_the_mark_does_not_double_anything(office: Office, tmp_path: Path, clock: HeldClock) -> None:
    folder = dovecot.make_maildir(tmp_path / "mail")
    dovecot.deliver(folder, office.reply("甲局联络员", "已完成").as_bytes(), "1.a")
    assert read(office, folder, clock).counts == {InboundKind.ANSWER: 1}
    (marked,) = (folder / "cur").iterdir()
    marked.rename(folder / "new" / "1.a")  # as it lay before the mark
    again = read(office, folder, clock)
    assert [one.kind for one in again.taken] == [None]
    assert (len(office.inbound()), len(office.answers())) == (1, 1)


def test_several_workers_make_one_row_of_each_mail(office: Office) -> None:
    raws = [office.reply("甲局联络员", f"第{number}次", number=number).as_bytes() for number in range(3)]
    raws.append(office.reply("甲局联络员", "第1次", number=9).as_bytes())
    start = threading.Barrier(3)

    def work() -> None:
        start.wait()
        for raw in raws:
            office.take(raw)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(office.inbound()), len(office.answers())) == (4, 3)


def test_a_mail_that_nobody_can_read_stops_no_other(office: Office, tmp_path: Path, clock: HeldClock) -> None:
    folder = dovecot.make_maildir(tmp_path / "mail")
    deep = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(3000))
    hostile = {
        "1.deep": b"From: a@example.org\r\n" + deep,
        "2.head": b"From: a@example.org\r\n" + b"X-A: b\r\n" * 100_000,
        "3.empty": b"",
        "4.nul": b"From: a@example.org\r\nSubject: =?rot13?q?x?= \x00\xff\r\n\r\n\x00\x00",
        "5.charset": b"Content-Type: text/plain; charset=unicode_escape\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!=",
        "6.parts": b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n' + b"--x\r\n\r\n\r\n" * 5000,
        "7.id": b"In-Reply-To: " + b"<a@b> " * 5000 + b"\r\nFrom: " + b"<" * 5000 + b"\r\n\r\nx",
        "8.rfc822": b"Content-Type: message/rfc822\r\n\r\n" * 3000,
    }
    for name, content in hostile.items():
        dovecot.deliver(folder, content, name)
    dovecot.deliver(folder, office.reply("甲局联络员", "已完成").as_bytes(), "9.good")
    reading = read(office, folder, clock)
    assert reading.fault == ""
    assert len(reading.taken) == 9
    assert reading.counts[InboundKind.ANSWER] == 1
    assert reading.counts[InboundKind.UNREADABLE] >= 4
    assert read(office, folder, clock).taken == []


def test_a_mail_beyond_all_bounds_is_named_and_left(office: Office) -> None:
    raw = RawMail("1", MAIL, MOST_BYTES + 1)
    taken = take_in_mail(office.database, office.settings, office.store, raw, now=NOW)
    assert (taken.kind, taken.outcome) == (InboundKind.UNREADABLE, "邮件过大（30 MB），未读取。")
    assert taken.subject == "x"


def test_the_worker_reads_as_often_as_it_is_told(office: Office, tmp_path: Path, clock: HeldClock) -> None:
    folder = dovecot.make_maildir(tmp_path / "mail")
    settings = office.settings.model_copy(update={"inbox_url": f"maildir://{folder}"})
    heart = Heart(office.database, clock)

    def tick() -> list[str]:
        return read_inbox(
            settings, clock, office.database, threading.Event(), was_read=lambda: heart.beat(inbox_read=True)
        )

    dovecot.deliver(folder, office.reply("甲局联络员", "一").as_bytes(), "1.a")
    assert tick() == []
    dovecot.deliver(folder, office.reply("甲局联络员", "二", number=2).as_bytes(), "2.b")
    assert tick() == []
    assert len(office.inbound()) == 1  # a moment ago
    gone = settings.model_copy(update={"inbox_url": f"maildir://{tmp_path}/nowhere", "inbox_seconds": 0})
    assert read_inbox(gone, clock, office.database, threading.Event()) == [f"“{tmp_path}/nowhere”不是maildir文件夹。"]
