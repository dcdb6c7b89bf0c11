"""Mails to an SMTP server: smtp://, smtp+starttls:// or smtps://, with a login where the address has one."""

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Self
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from app.i18n import gettext as _
from app.mail.message import BadAddress, build_message, date_of
from app.mail.smtp_answers import Step, refusal, too_big
from app.mail.transport import NotSent
from app.models import OutboxMail
from app.models.outbox_mail import MailFault

TIMEOUT = 20.0  # seconds for each answer
# For handing over the content, and for the answer behind it: a server may look through what it was given, and who
# hangs up meanwhile sends it twice (RFC 5321 4.5.3.2.5, 4.5.3.2.6, 6.1). All of one mail fits into the outbox's lease.
PATIENCE = 240.0
PER_CONNECTION = 100  # many servers end the conversation after some number of mails
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_GO_AHEAD = 354
_TAKEN = frozenset({250, 251})
_BROKEN = (OSError, UnicodeError, smtplib.SMTPException)
_DOTS = re.compile(rb"(?m)^\.")


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
        self._keeps = False
        self._server: smtplib.SMTP | None = None
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

    def _ready(self, content: bytes) -> smtplib.SMTP:
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

    def _announced(self, server: smtplib.SMTP, content: bytes) -> tuple[int, bytes]:
        return server.mail(self._sender, [f"size={len(content)}"] if server.has_extn("size") else [])

    def _connected(self) -> smtplib.SMTP:
        self._given = 0
        if self._scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=self._timeout, context=self._context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        try:
            if self._scheme == "smtp+starttls":
                server.starttls(context=self._context)
            if self._user:
                server.login(self._user, self._password)
            server.ehlo_or_helo_if_needed()
        except BaseException:
            server.close()
            raise
        return server

    def _hand_over(self, server: smtplib.SMTP, recipient: str, content: bytes) -> str:
        try:
            code, answer = server.rcpt(recipient)
            if code not in _TAKEN:
                raise refusal(Step.RECIPIENT, code, _words(answer))
            code, answer = server.docmd("data")
            if code != _GO_AHEAD:
                raise refusal(Step.CONTENT, code, _words(answer))
            if server.sock is not None:
                server.sock.settimeout(self._patience)
            # The server has nothing before the last dot, and sending fails before the last byte or not at all.
            server.send(_DOTS.sub(b"..", content.removesuffix(b"\r\n")) + b"\r\n.\r\n")
        except _BROKEN as error:
            raise NotSent(_("与邮件服务器的连接中断：%(error)s") % {"error": _sentence(error)}) from error
        try:
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
            server.quit()
        server.close()


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
