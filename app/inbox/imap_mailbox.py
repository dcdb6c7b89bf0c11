"""A folder at an IMAP server (RFC 3501).

What is done gets the keyword `$DubanRead` and is marked as seen. The keyword counts, so that a mail which somebody
has opened in a mail program is read all the same; a server that keeps no keywords of ours (Exchange, 163, QQ) is
asked for what was not seen. Nothing is moved or deleted.
"""

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from socket import SHUT_RDWR
from threading import Timer
from urllib.parse import unquote, urlsplit

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError

from app.i18n import gettext as _
from app.inbox.mailbox import MOST_BYTES, MOST_HEAD, MOST_MAILS, MailboxFault, RawMail

KEYWORD = b"$DubanRead"
_SEEN = rb"\Seen"
_ANY_KEYWORD = rb"\*"
_TLS_PORT, _PLAIN_PORT = 993, 143
# Whoever sends one byte a minute would hold up everything that the worker does behind this.
LONGEST = 180.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ImapMailbox:
    """`url`: imaps://, imap+starttls:// or imap://USER:PASSWORD@HOST:PORT/FOLDER. Times in seconds.

    `context`: for servers whose certificate the machine does not know (tests).
    """

    url: str
    context: ssl.SSLContext | None = None
    connect: float = 15
    answer: float = 60
    longest: float = LONGEST

    @contextmanager
    def opened(self) -> Iterator["_Folder"]:
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        tls = parts.scheme == "imaps"
        timer: Timer | None = None
        try:
            with IMAPClient(
                host,
                parts.port or (_TLS_PORT if tls else _PLAIN_PORT),
                ssl=tls,
                ssl_context=self.context,
                timeout=SocketTimeout(connect=self.connect, read=self.answer),
            ) as client:
                timer = Timer(self.longest, _cut, [client])
                timer.daemon = True
                timer.start()
                if parts.scheme == "imap+starttls":
                    client.starttls(self.context)
                client.login(unquote(parts.username or ""), unquote(parts.password or ""))
                if client.has_capability("ID"):  # 163 and 126 give out nothing to who has not said his name
                    client.id_({"name": "duban"})
                yield _Folder(client, unquote(parts.path.strip("/")) or "INBOX")
        except LoginError as error:
            raise MailboxFault(_("邮箱服务器%(host)s不接受用户名或密码。") % {"host": host}) from error
        except ssl.SSLError as error:
            raise MailboxFault(_("邮箱服务器%(host)s的证书或加密连接有问题：%(reason)s") % _why(host, error)) from error
        except TimeoutError as error:
            raise MailboxFault(_("邮箱服务器%(host)s没有及时答复。") % {"host": host}) from error
        except OSError as error:
            raise MailboxFault(_("连接不上邮箱服务器%(host)s：%(reason)s") % _why(host, error)) from error
        except (IMAPClientError, ValueError, AssertionError) as error:  # the last two: answers that are none
            raise MailboxFault(_("读取邮箱%(host)s时出错：%(reason)s") % _why(host, error)) from error
        finally:
            if timer is not None:
                timer.cancel()


class _Folder:
    def __init__(self, client: IMAPClient, name: str) -> None:
        self._client = client
        selected = client.select_folder(name)
        allowed = {flag.lower() for flag in selected.get(b"PERMANENTFLAGS", ())}
        self._has_keyword = _ANY_KEYWORD in allowed or KEYWORD.lower() in allowed

    def unread(self) -> Iterator[RawMail]:
        asked: list[str | bytes] = ["UNKEYWORD", KEYWORD] if self._has_keyword else ["UNSEEN"]
        # A folder may hold years of mails: the oldest that are not done come first.
        for uid in sorted(self._client.search(["UNDELETED", *asked]))[:MOST_MAILS]:
            mail = self._fetched(uid)
            if mail is not None:
                yield mail

    def _fetched(self, uid: int) -> RawMail | None:
        """None when somebody has taken it away meanwhile. What the server says of the size is not relied on."""
        size = self._client.fetch([uid], ["RFC822.SIZE"]).get(uid, {}).get(b"RFC822.SIZE")
        if size is None:
            return None
        wanted = MOST_BYTES + 1 if size <= MOST_BYTES else MOST_HEAD
        content = self._client.fetch([uid], [f"BODY.PEEK[]<0.{wanted}>"]).get(uid, {}).get(b"BODY[]<0>")
        if content is None:
            return None
        if len(content) > MOST_BYTES or size > MOST_BYTES:
            return RawMail(str(uid), content[:MOST_HEAD], max(size, len(content)))
        return RawMail(str(uid), content, len(content))

    def mark_done(self, mail: RawMail) -> None:
        flags = [_SEEN, KEYWORD] if self._has_keyword else [_SEEN]
        self._client.add_flags([int(mail.name)], flags, silent=True)


def _cut(client: IMAPClient) -> None:
    log.warning("the mailbox took too long, the connection is closed")
    # The library would close its file first, and wait for who reads it.
    with suppress(OSError):
        client.socket().shutdown(SHUT_RDWR)


def _why(host: str, error: Exception) -> dict[str, str]:
    # Servers repeat what they were sent, but never the password: LOGIN is answered by LoginError alone.
    return {"host": host, "reason": str(error)[:200] or type(error).__name__}
