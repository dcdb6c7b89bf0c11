"""Mails to an SMTP server: smtp://, smtp+starttls:// or smtps://, with a login where the address has one."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from app.i18n import gettext as _
from app.mail.message import BadAddress, build_message
from app.mail.transport import NotSent
from app.models import OutboxMail

TIMEOUT = 20.0  # seconds for each answer; the ten or so of one mail fit into the lease of the outbox
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_PERMANENT = 500
_TAKEN = frozenset({250, 251})


class SmtpTransport:
    """One connection per mail: a server that drops one takes none of the others with it."""

    def __init__(
        self, url: str, *, sender: str, zone: ZoneInfo, context: ssl.SSLContext | None = None, timeout: float = TIMEOUT
    ) -> None:
        parts = urlsplit(url)
        self._scheme = parts.scheme
        self._host = parts.hostname or "localhost"
        self._port = parts.port or _PORTS[parts.scheme]
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._sender = sender
        self._zone = zone
        self._context = context or ssl.create_default_context()
        self._timeout = timeout

    def send(self, mail: OutboxMail, now: datetime) -> None:
        try:
            content = build_message(mail, sender=self._sender, at=now.astimezone(self._zone)).as_bytes()
        except BadAddress as error:
            raise NotSent(str(error), permanent=True) from error
        try:
            with self._connected() as server:
                self._hand_over(server, mail.to_address, content)
        except (OSError, UnicodeError, smtplib.SMTPException) as error:
            # No connection, no encryption, no login: our own affair and not this mail's, so it waits.
            # (smtplib takes only ASCII for name and password.)
            raise NotSent(_("无法连接邮件服务器：%(error)s") % {"error": _sentence(error)}) from error

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
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
            yield server
            # The mail is accepted by now, so a failed farewell is no failure.
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
        finally:
            server.close()

    def _hand_over(self, server: smtplib.SMTP, recipient: str, content: bytes) -> None:
        size = [f"size={len(content)}"] if server.has_extn("size") else []
        code, answer = server.mail(self._sender, size)
        if code != 250:  # noqa: PLR2004
            # The sender is the same for all mails: a setting is wrong and can be put right while they wait.
            raise NotSent(_("邮件服务器不接受发件人：%(answer)s") % {"answer": _answer(code, answer)})
        code, answer = server.rcpt(recipient)
        if code not in _TAKEN:
            raise NotSent(
                _("邮件服务器不接受收件人：%(answer)s") % {"answer": _answer(code, answer)},
                permanent=code >= _PERMANENT,
            )
        try:
            code, answer = server.data(content)
        except smtplib.SMTPDataError as error:
            code, answer = error.smtp_code, _bytes(error.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(
                _("正文已发出，但未得到邮件服务器答复：%(error)s") % {"error": _sentence(error)}, in_doubt=True
            ) from error
        if code not in _TAKEN:
            raise NotSent(
                _("邮件服务器拒收：%(answer)s") % {"answer": _answer(code, answer)}, permanent=code >= _PERMANENT
            )


def _bytes(answer: bytes | str) -> bytes:
    return answer if isinstance(answer, bytes) else answer.encode()


def _answer(code: int, answer: bytes) -> str:
    return f"{code} {' '.join(answer.decode(errors='replace').split())}"


def _sentence(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(error.smtp_code, _bytes(error.smtp_error))
    return str(error) or type(error).__name__
