"""Mails to an SMTP server: smtp://, smtp+starttls:// or smtps://, with a login where the address has one."""

import logging
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Lock, Timer
from time import monotonic
from typing import Self
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from app.i18n import gettext as _
from app.mail.message import BadAddress, build_message, date_of
from app.mail.smtp_answers import Step, refusal, too_big
from app.mail.transport import NotSent
from app.models import OutboxMail
from app.models.outbox_mail import MailFault

TIMEOUT = 20.0  # seconds of silence
# For handing over the content, and for the answer behind it: a server may look through what it was given, and who
# hangs up meanwhile sends it twice (RFC 5321 4.5.3.2.5, 4.5.3.2.6, 6.1). All of one mail fits into the outbox's lease.
PATIENCE = 240.0
PER_CONNECTION = 100  # many servers end the conversation after some number of mails
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_GO_AHEAD = 354
_TAKEN = frozenset({250, 251})
_BROKEN = (OSError, UnicodeError, smtplib.SMTPException)
_DOTS = re.compile(rb"(?m)^\.")
_LONGEST_LINE = 8192

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """Whoever sends one byte now and then is never silent, and an answer may be continued without end.

    In seconds, for the whole of: connection, encryption and login; one command with its answer; the farewell. Lines
    and bytes are those of one answer. The content has its own (PATIENCE), twice: on its way, and until it is answered.
    """

    opening: float = 60
    step: float = 30
    farewell: float = 10
    lines: int = 100
    size: int = 64 * 1024

    def longest(self, patience: float) -> float:
        """About one mail: an old connection that is none any more, a new one, and a farewell to each."""
        return self.opening + 4 * self.step + 2 * self.farewell + 2 * patience


class SmtpTransport:
    """One connection per mail, or within `kept` one for many; no mail depends on how another one fared.

    For one thread at a time.
    """

    def __init__(
        self,
        url: str,
        *,
        sender: str,
        zone: ZoneInfo,
        context: ssl.SSLContext | None = None,
        timeout: float = TIMEOUT,
        patience: float | None = None,
        answers_to: str | None = None,
        limits: Limits | None = None,
    ) -> None:
        parts = urlsplit(url)
        self._scheme = parts.scheme
        self._host = parts.hostname or "localhost"
        self._port = parts.port or _PORTS[parts.scheme]
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._sender = sender
        self._answers_to = answers_to
        self._zone = zone
        self._context = context or ssl.create_default_context()
        self._timeout = timeout
        self._patience = patience or max(timeout, PATIENCE)
        self._limits = limits or Limits()
        self._keeps = False
        self._server: _Conversation | None = None
        self._given = 0

    @contextmanager
    def kept(self) -> Iterator[Self]:
        """Mails that are sent within share a connection; it is closed behind the last."""
        self._keeps = True
        try:
            yield self
        finally:
            self._keeps = False
            self._farewell()

    def send(self, mail: OutboxMail, now: datetime) -> str:
        try:
            at = date_of(mail, now).astimezone(self._zone)
            message = build_message(mail, sender=self._sender, at=at, answers_to=self._answers_to)
            content = message.as_bytes()
        except BadAddress as error:
            raise NotSent(str(error), permanent=True, fault=MailFault.ADDRESS) from error
        goes_on = False
        try:
            answer = self._hand_over(self._ready(content), mail.to_address, content)
            goes_on = self._keeps and self._given < PER_CONNECTION
        finally:
            # After anything but success who knows where the conversation stands.
            if not goes_on:
                self._farewell()
        return answer

    def _ready(self, content: bytes) -> "_Conversation":
        """A server that has heard whose mail it will be."""
        if self._server is not None:
            # Whatever an old connection answers, a new one decides: the server may have had enough of this one.
            with suppress(*_BROKEN):
                if self._announced(self._server, content)[0] in _TAKEN:
                    return self._server
            self._farewell()
        try:
            server = self._server = self._connected()
            limit = server.esmtp_features.get("size", "")
            if limit.isdecimal() and 0 < int(limit) < len(content):
                raise too_big(f"SIZE {limit} < {len(content)}")
            code, answer = self._announced(server, content)
        except _BROKEN as error:
            # No connection, no encryption, no login: our own affair and not this mail's, so all of them wait.
            # (smtplib takes only ASCII for name and password.)
            raise NotSent(_("无法连接邮件服务器：%(error)s") % {"error": _sentence(error)}, ours=True) from error
        if code not in _TAKEN:
            raise refusal(Step.SENDER, code, _words(answer))
        return server

    def _announced(self, server: "_Conversation", content: bytes) -> tuple[int, bytes]:
        with server.watch.within(self._limits.step):
            return server.mail(self._sender, [f"size={len(content)}"] if server.has_extn("size") else [])

    def _connected(self) -> "_Conversation":
        self._given = 0
        watch = _Watch()
        server: _Conversation | None = None
        try:
            with watch.within(self._limits.opening):
                server = self._greeted(watch)
                if self._scheme == "smtp+starttls":
                    server.starttls(context=self._context)
                if self._user:
                    server.login(self._user, self._password)
                server.ehlo_or_helo_if_needed()
        except BaseException:
            if server is not None:
                server.close()
            watch.let_go()
            raise
        return server

    def _greeted(self, watch: "_Watch") -> "_Conversation":
        if self._scheme == "smtps":
            return _TlsConversation(
                self._host, self._port, watch, self._limits, timeout=self._timeout, context=self._context
            )
        return _Conversation(self._host, self._port, watch, self._limits, timeout=self._timeout)

    def _hand_over(self, server: "_Conversation", recipient: str, content: bytes) -> str:
        try:
            with server.watch.within(self._limits.step):
                code, answer = server.rcpt(recipient)
            if code not in _TAKEN:
                raise refusal(Step.RECIPIENT, code, _words(answer))
            with server.watch.within(self._limits.step):
                code, answer = server.docmd("data")
            if code != _GO_AHEAD:
                raise refusal(Step.CONTENT, code, _words(answer))
            if server.sock is not None:
                server.sock.settimeout(self._patience)
            # The server has nothing before the last dot, and sending fails before the last byte or not at all.
            with server.watch.within(self._patience):
                server.send(_DOTS.sub(b"..", content.removesuffix(b"\r\n")) + b"\r\n.\r\n")
        except _BROKEN as error:
            raise NotSent(_("与邮件服务器的连接中断：%(error)s") % {"error": _sentence(error)}) from error
        try:
            with server.watch.within(self._patience):
                code, answer = server.getreply()
        except _BROKEN as error:
            raise NotSent(
                _("正文已发出，但未得到邮件服务器答复：%(error)s") % {"error": _sentence(error)}, in_doubt=True
            ) from error
        if code not in _TAKEN:
            raise _after_content(code, _words(answer))
        if server.sock is not None:
            server.sock.settimeout(self._timeout)
        self._given += 1
        return f"{code} {_words(answer)}"

    def _farewell(self) -> None:
        """What became of the mails is known by now, so a failed farewell is no failure."""
        server, self._server = self._server, None
        if server is None:
            return
        with suppress(OSError, smtplib.SMTPException):
            if server.sock is not None:
                server.sock.settimeout(self._timeout)
            with server.watch.within(self._limits.farewell):
                server.quit()
        server.close()


class _Watch:
    """Ends what takes too long, by shutting the connection down below whatever encryption lies above it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._line: socket.socket | None = None
        self._ends = 0.0
        self._was_cut = False

    def hold(self, connection: socket.socket) -> None:
        """A handle of its own: encryption takes the one of the connection away and makes another."""
        with self._lock:
            self._line = connection.dup()

    def let_go(self) -> None:
        with self._lock:
            line, self._line = self._line, None
        if line is not None:
            line.close()

    def left(self) -> float:
        return self._ends - monotonic()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        self._ends = monotonic() + seconds
        timer = Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        except _BROKEN as error:
            if self._was_cut:
                raise TimeoutError(_("邮件服务器的答复过慢，已断开连接。")) from error
            raise
        finally:
            timer.cancel()

    def _cut(self) -> None:
        log.warning("the mail server took too long, the connection is closed")
        with self._lock:
            self._was_cut = True
            if self._line is not None:
                with suppress(OSError):
                    self._line.shutdown(socket.SHUT_RDWR)


class _Conversation(smtplib.SMTP):
    """With an end to every answer, and a watch that can be set over each step."""

    def __init__(self, host: str, port: int, watch: _Watch, limits: Limits, *, timeout: float) -> None:
        self.watch = watch
        self._limits = limits
        super().__init__(host, port, timeout=timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """A name may stand for many addresses: all of them within the time that there is."""
        failure: OSError = TimeoutError(_("邮件服务器的答复过慢，已断开连接。"))
        for family, kind, protocol, _name, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            left = self.watch.left()
            if left <= 0:
                break
            connection = socket.socket(family, kind, protocol)
            try:
                connection.settimeout(min(timeout, left))
                connection.connect(address)
                connection.settimeout(timeout)
                self.watch.hold(connection)
            except OSError as error:
                connection.close()
                failure = error
            else:
                return connection
        raise failure

    def getreply(self) -> tuple[int, bytes]:
        """As in smtplib, but not for ever. An answer that has no end is as good as none."""
        if self.file is None:
            if self.sock is None:
                raise smtplib.SMTPServerDisconnected("please run connect() first")
            self.file = self.sock.makefile("rb")
        words: list[bytes] = []
        left = self._limits.size
        try:
            while len(words) < self._limits.lines and left > 0:
                line: bytes = self.file.readline(min(left, _LONGEST_LINE) + 1)
                left -= len(line)
                if len(line) > _LONGEST_LINE or left < 0:
                    break
                if not line.endswith(b"\n"):  # half of a line says nothing: 55 was to be 550, or 554
                    raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
                words.append(line[4:].strip(b" \t\r\n"))
                if line[3:4] != b"-" or not line[:3].isdigit():
                    code = int(line[:3]) if line[:3].isdigit() else -1
                    return code, b"\n".join(words)
            raise smtplib.SMTPServerDisconnected(_("邮件服务器的答复过长，已断开连接。"))
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        super().close()
        self.watch.let_go()


class _TlsConversation(smtplib.SMTP_SSL, _Conversation):
    """Encrypted from the first byte. smtplib asks the other one for the connection below."""

    def __init__(
        self, host: str, port: int, watch: _Watch, limits: Limits, *, timeout: float, context: ssl.SSLContext
    ) -> None:
        self.watch = watch
        self._limits = limits
        smtplib.SMTP_SSL.__init__(self, host, port, timeout=timeout, context=context)


def _after_content(code: int, words: str) -> NotSent:
    """An answer that is none leaves a doubt; every other says that the server does not have it."""
    if not 400 <= code < 600:  # noqa: PLR2004 (RFC 5321 4.2.1: refusals are 4yz and 5yz)
        return NotSent(
            _("正文已发出，但未得到邮件服务器答复：%(error)s") % {"error": f"{code} {words}".strip()}, in_doubt=True
        )
    return refusal(Step.CONTENT, code, words)


def _bytes(answer: bytes | str) -> bytes:
    return answer if isinstance(answer, bytes) else answer.encode()


def _words(answer: bytes) -> str:
    return " ".join(answer.decode(errors="replace").split())


def _sentence(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_words(_bytes(error.smtp_error))}"
    return str(error) or type(error).__name__
