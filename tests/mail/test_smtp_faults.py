"""A mail server that drops, dawdles and refuses, at every step of the conversation."""

import asyncio
import socket
import ssl
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from app.db import Database
from app.jobs.send_mail import send_waiting
from app.mail.message import date_of
from app.mail.outbox import LEASE
from app.mail.smtp import PATIENCE, PER_CONNECTION, Limits, SmtpTransport
from app.mail.smtp_answers import Step, refusal
from app.mail.transport import NotSent
from app.models.outbox_mail import MailFault, MailState
from app.settings import Settings
from tests.conftest import NOW, SHANGHAI
from tests.mail.test_outbox import StandingClock
from tests.mail.test_smtp import SENDER, Office, its_certificate, mail, queue_to, serve, states, trusting

__all__ = ["serve"]

Serve = Callable[..., tuple[str, int]]


class Crooked(Office):
    """`drops`: the step at which it hangs up. `waits`: seconds before the answer of that step."""

    def __init__(self, drops: str = "", **waits: float) -> None:
        super().__init__()
        self.drops = drops
        self.waits = waits
        self.greeted = 0

    async def _at(self, step: str, server: SMTP) -> str:
        await asyncio.sleep(self.waits.get(step, 0))
        if self.drops == step:
            server.transport.close()
        return "250 OK"

    async def handle_EHLO(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, name: str, answers: list[str]
    ) -> list[str]:
        session.host_name = name
        self.greeted += 1
        await self._at("ehlo", server)
        return answers

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await self._at("mail", server)
        envelope.mail_from = address
        return answer

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        await self._at("rcpt", server)
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = await super().handle_DATA(server, session, envelope)
        if self.drops == "after":
            asyncio.get_running_loop().call_later(0.02, server.transport.close)
        await self._at("content", server)
        return answer


@pytest.fixture
def office() -> Crooked:
    return Crooked()


def way_to(address: tuple[str, int], *, patience: float = 5, timeout: float = 5) -> SmtpTransport:
    host, port = address
    return SmtpTransport(f"smtp://{host}:{port}", sender=SENDER, zone=SHANGHAI, timeout=timeout, patience=patience)


@contextmanager
def hanging_up(after: bytes = b"") -> Iterator[tuple[str, int, list[int]]]:
    """A port where somebody answers, says `after`, and hangs up; the list grows with each visitor."""
    visitors: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve_them() -> None:
            while True:
                try:
                    visitor, _address = listener.accept()
                except OSError:
                    return
                visitors.append(1)
                with visitor:
                    visitor.sendall(after)

        thread = threading.Thread(target=serve_them, daemon=True)
        thread.start()
        yield (*listener.getsockname(), visitors)
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("step", ["ehlo", "mail"])
def test_who_hangs_up_before_any_mail_was_named_holds_all_of_them_up(office: Crooked, serve: Serve, step: str) -> None:
    office.drops = step
    with pytest.raises(NotSent) as failure:
        way_to(serve()).send(mail(), NOW)
    assert (failure.value.ours, failure.value.permanent, failure.value.in_doubt) == (True, False, False)


@pytest.mark.parametrize(
    "greeting", [b"", b"554 no service here\r\n", b"421 too many connections\r\n", b"nonsense\r\n"]
)
def test_a_port_without_a_willing_server_is_no_fault_of_the_mail(greeting: bytes) -> None:
    with hanging_up(greeting) as (host, port, _visitors), pytest.raises(NotSent) as failure:
        way_to((host, port)).send(mail(), NOW)
    assert (failure.value.ours, failure.value.permanent, failure.value.in_doubt) == (True, False, False)


def test_who_hangs_up_at_the_recipient_has_nothing(office: Crooked, serve: Serve) -> None:
    office.drops = "rcpt"
    with pytest.raises(NotSent) as failure:
        way_to(serve()).send(mail(), NOW)
    assert (failure.value.ours, failure.value.permanent, failure.value.in_doubt) == (False, False, False)


def test_who_hangs_up_behind_the_content_may_have_it(office: Crooked, serve: Serve) -> None:
    office.drops = "content"
    with pytest.raises(NotSent) as failure:
        way_to(serve()).send(mail(), NOW)
    assert (failure.value.ours, failure.value.permanent, failure.value.in_doubt) == (False, False, True)
    assert len(office.envelopes) == 1


def test_who_hangs_up_behind_its_answer_has_answered(office: Crooked, serve: Serve) -> None:
    office.drops = "after"
    way = way_to(serve())
    with way.kept():
        assert way.send(mail(), NOW) == "250 OK"
        threading.Event().wait(0.1)
        assert way.send(mail(), NOW) == "250 OK", "on a connection of its own"
    assert (len(office.envelopes), office.greeted) == (2, 2)


def test_a_server_that_does_not_answer_in_time(office: Crooked, serve: Serve) -> None:
    address = serve()
    office.waits = {"mail": 1}
    with pytest.raises(NotSent) as slow:
        way_to(address, timeout=0.3).send(mail(), NOW)
    assert slow.value.ours
    office.waits = {"content": 1}
    with pytest.raises(NotSent) as unheard:
        way_to(address, timeout=0.3, patience=0.3).send(mail(), NOW)
    assert unheard.value.in_doubt


def test_a_server_may_take_its_time_over_the_content(office: Crooked, serve: Serve) -> None:
    office.waits = {"content": 0.6}
    assert way_to(serve(), timeout=0.3, patience=5).send(mail(), NOW) == "250 OK"
    assert len(office.envelopes) == 1


def test_many_mails_share_a_connection_and_none_depends_on_another(office: Crooked, serve: Serve) -> None:
    office.to_rcpt = {"gone@example.org": "550 5.1.1 no such user"}
    way = way_to(serve())
    with way.kept():
        for number in range(5):
            way.send(mail(), NOW)
            if number == 2:
                with pytest.raises(NotSent):
                    way.send(mail(to_address="gone@example.org"), NOW)
    assert len(office.envelopes) == 5
    assert office.greeted == 2, "a refusal ends a conversation"
    way.send(mail(), NOW)
    way.send(mail(), NOW)
    assert office.greeted == 4, "outside each mail has its own"


def test_a_connection_is_given_up_before_the_server_has_enough_of_it(office: Crooked, serve: Serve) -> None:
    way = way_to(serve())
    with way.kept():
        for _number in range(PER_CONNECTION + 1):
            way.send(mail(attachments=[]), NOW)
    assert office.greeted == 2
    assert len(office.envelopes) == PER_CONNECTION + 1


def test_a_mail_that_is_too_big_is_not_even_sent(office: Crooked, serve: Serve) -> None:
    with pytest.raises(NotSent) as failure:
        way_to(serve(data_size_limit=500)).send(mail(), NOW)
    assert (failure.value.permanent, failure.value.fault) == (True, MailFault.CONTENT)
    assert "SIZE 500" in failure.value.reason
    assert office.envelopes == []


def test_nothing_goes_out_in_the_open_where_somebody_took_the_encryption_away(office: Crooked, serve: Serve) -> None:
    host, port = serve()
    way = SmtpTransport(
        f"smtp+starttls://du:secret@{host}:{port}", sender=SENDER, zone=SHANGHAI, context=trusting(), timeout=5
    )
    with pytest.raises(NotSent) as failure:
        way.send(mail(), NOW)
    assert failure.value.ours
    assert "secret" not in failure.value.reason
    assert (office.envelopes, office.users) == ([], [])


# Small enough for a test, and wide enough for a machine that is busy with others.
SHORT = Limits(opening=0.4, step=0.4, farewell=0.2, size=4096)
_CAME_TO = ("greeting", "ehlo", "mail", "rcpt", "data", "content")


class Tormentor:
    """Answers as it should until `step`, and there a byte at a time, or in lines without end. Several at once."""

    def __init__(self, step: str, *, floods: bool, context: ssl.SSLContext | None = None) -> None:
        self.step = step
        self.floods = floods
        self.context = context
        self.sent = 0  # bytes of the answer without end
        self.reached = threading.Event()
        self.over = threading.Event()

    @contextmanager
    def open(self) -> Iterator[tuple[str, int]]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=self._accept, args=[listener], daemon=True).start()
            yield listener.getsockname()
            self.over.set()
            listener.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                visitor, _address = listener.accept()
                threading.Thread(target=self._converse, args=[visitor], daemon=True).start()

    def _converse(self, visitor: socket.socket) -> None:
        with suppress(OSError), visitor:
            if self.step == "handshake":
                visitor.sendall(b"\x16\x03\x03\x40\x00")  # sixteen kilobytes are to follow
                self._torment(visitor)
            elif self.context is None:
                self._talk(visitor)
            else:
                with self.context.wrap_socket(visitor, server_side=True) as hidden:
                    self._talk(hidden)

    def _talk(self, visitor: socket.socket) -> None:
        lines = visitor.makefile("rb")
        for step in _CAME_TO:
            if step == "content":
                while lines.readline() not in {b".\r\n", b""}:
                    pass
            elif step != "greeting":
                lines.readline()
            if step == self.step:
                self._torment(visitor)
                return
            visitor.sendall({"greeting": b"220 hello\r\n", "data": b"354 go ahead\r\n"}.get(step, b"250 OK\r\n"))

    def _torment(self, visitor: socket.socket) -> None:
        self.reached.set()
        line = b"250-" + b"x" * 200 + b"\r\n"
        while not self.over.is_set():
            visitor.sendall(line if self.floods else b"2")
            self.sent += len(line) if self.floods else 1
            if not self.floods:
                self.over.wait(0.02)


def quick_way(
    address: tuple[str, int], *, scheme: str = "smtp", limits: Limits = SHORT, patience: float = 0.4
) -> SmtpTransport:
    """`timeout`: longer than any silence here, so that it is the limits that end it."""
    return SmtpTransport(
        f"{scheme}://localhost:{address[1]}",
        sender=SENDER,
        zone=SHANGHAI,
        context=trusting(),
        timeout=5,
        patience=patience,
        limits=limits,
    )


_OURS_NOW, _FOR_NOW, _DOUBT = (True, False, False), (False, False, False), (False, False, True)
_MEANING = {
    "handshake": _OURS_NOW,
    "greeting": _OURS_NOW,
    "ehlo": _OURS_NOW,
    "mail": _OURS_NOW,
    "rcpt": _FOR_NOW,
    "data": _FOR_NOW,
    "content": _DOUBT,
}


@pytest.mark.parametrize("floods", [False, True], ids=["drips", "floods"])
@pytest.mark.parametrize("step", _CAME_TO)
def test_an_answer_without_end_is_cut_at_every_step(step: str, floods: bool) -> None:
    server = Tormentor(step, floods=floods)
    began = monotonic()
    with server.open() as address, pytest.raises(NotSent) as failure:
        quick_way(address).send(mail(), NOW)
    assert monotonic() - began < 2
    assert (failure.value.ours, failure.value.permanent, failure.value.in_doubt) == _MEANING[step]
    assert ("过长" if floods else "过慢") in failure.value.reason


@pytest.mark.parametrize("step", ["handshake", "greeting", "mail", "content"])
def test_encryption_does_not_hide_a_server_from_the_watch(step: str) -> None:
    server = Tormentor(step, floods=False, context=its_certificate())
    began = monotonic()
    with server.open() as address, pytest.raises(NotSent) as failure:
        quick_way(address, scheme="smtps").send(mail(), NOW)
    assert monotonic() - began < 2
    assert (failure.value.ours, failure.value.permanent, failure.value.in_doubt) == _MEANING[step]
    assert "过慢" in failure.value.reason


def test_of_a_flood_no_more_is_kept_than_one_answer_may_have() -> None:
    server = Tormentor("mail", floods=True)
    limits = Limits(opening=5, step=5, farewell=0.2, lines=10**9, size=256 * 1024)
    tracemalloc.start()
    try:
        with server.open() as address, pytest.raises(NotSent):
            quick_way(address, limits=limits).send(mail(), NOW)
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 4 * 1024 * 1024
    assert server.sent < 32 * 1024 * 1024, "what the system's buffers hold, and no more"


def test_a_sender_that_is_told_to_stop_ends_behind_the_mail_in_hand(settings: Settings, database: Database) -> None:
    queue_to(database, "a@example.org", "b@example.org")
    server, stop = Tormentor("rcpt", floods=False), threading.Event()
    clock = StandingClock(NOW + timedelta(seconds=1))
    with server.open() as address:
        way = quick_way(address)
        sender = threading.Thread(
            target=send_waiting, args=[settings, clock, database, stop], kwargs={"transport": way}, daemon=True
        )
        sender.start()
        assert server.reached.wait(2)
        stop.set()
        sender.join(3)
        assert not sender.is_alive()
    assert states(database) == [
        ("a@example.org", MailState.QUEUED, 1, False),
        ("b@example.org", MailState.QUEUED, 0, False),
    ]


def test_a_conversation_about_one_mail_ends_within_its_lease() -> None:
    assert Limits().longest(PATIENCE) < LEASE.total_seconds()


def test_a_long_answer_that_ends_is_read(office: Crooked, serve: Serve) -> None:
    office.to_data = ["\r\n".join(["250-thanks"] * 98 + ["250 OK"])]
    assert way_to(serve()).send(mail(), NOW).endswith("OK")


_MAY = (False, False, None)  # waits and is tried again
_OURS = (True, False, None)
_ADDRESS = (False, True, MailFault.ADDRESS)
_CONTENT = (False, True, MailFault.CONTENT)


@pytest.mark.parametrize(
    ("step", "code", "words", "meaning"),
    [
        (Step.SENDER, 530, "5.7.0 Authentication required", _OURS),
        (Step.SENDER, 550, "5.7.60 not permitted to send as this sender", _OURS),
        (Step.SENDER, 451, "4.3.0 try later", _OURS),
        (Step.SENDER, 421, "4.3.2 shutting down", _OURS),
        (Step.SENDER, 452, "4.3.1 insufficient system storage", _MAY),
        (Step.SENDER, 552, "5.3.4 message size exceeds fixed limit", _CONTENT),
        (Step.RECIPIENT, 451, "4.7.1 greylisted", _MAY),
        (Step.RECIPIENT, 450, "mailbox busy", _MAY),
        (Step.RECIPIENT, 421, "closing", _MAY),
        (Step.RECIPIENT, 452, "4.5.3 too many recipients", _MAY),
        (Step.RECIPIENT, 552, "too many recipients", _MAY),
        (Step.RECIPIENT, 550, "5.2.2 mailbox full", _MAY),
        (Step.RECIPIENT, 550, "5.1.1 no such user", _ADDRESS),
        (Step.RECIPIENT, 553, "bad mailbox", _ADDRESS),
        (Step.RECIPIENT, 550, "5.10.1 odd", _ADDRESS),
        (Step.RECIPIENT, 554, "5.7.1 policy", _MAY),
        (Step.RECIPIENT, 550, "Relaying denied", _MAY),
        (Step.RECIPIENT, 535, "5.7.8 not logged in", _OURS),
        (Step.CONTENT, 451, "4.3.0 queue file write error", _MAY),
        (Step.CONTENT, 554, "5.7.1 looks like spam", _CONTENT),
        (Step.CONTENT, 552, "5.3.4 too big", _CONTENT),
        (Step.CONTENT, 552, "5.2.2 over quota", _MAY),
        (Step.CONTENT, 550, "5.1.1 unknown after all", _ADDRESS),
        (Step.CONTENT, 554, "", _CONTENT),
    ],
)
def test_what_a_refusal_means(step: Step, code: int, words: str, meaning: tuple[Any, ...]) -> None:
    said = refusal(step, code, words)
    assert (said.ours, said.permanent, said.fault) == meaning
    assert not said.in_doubt
    assert f"{code} {words}".strip() in said.reason


def test_a_repeat_carries_the_date_of_the_first_attempt_and_what_waited_for_days_a_newer_one() -> None:
    one = mail()
    assert date_of(one, NOW) == NOW
    assert date_of(one, NOW + timedelta(minutes=20)) == NOW
    assert date_of(one, NOW - timedelta(minutes=1)) == NOW, "the clock was set back"
    assert date_of(one, NOW + timedelta(days=5, hours=3)) == NOW + timedelta(days=5)
