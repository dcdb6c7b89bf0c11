"""Short messages to chat groups (企业微信, 钉钉, 飞书), through Apprise's plugins.

Apprise looks at the status of an answer alone; these services say 200 to a robot that is gone and put the refusal into
the body. So its plugins get our `_Posts` in the place of `requests`: it reads the body, follows no redirect, bounds
time and size, and remembers what went wrong, which Apprise only logs, together with the token.
"""

import json
import logging
import sys
from collections.abc import Callable, Collection
from contextvars import ContextVar
from datetime import datetime
from typing import Any

import requests
from sqlmodel import col, select

from app.db import Database
from app.errors import DubanError
from app.i18n import gettext as _
from app.i18n import officially
from app.mail.chat_address import BadChatAddress, ChatAddress, chat_address, keyword, plugin, plugin_class
from app.mail.transport import NotSent
from app.models import ChatChannel, OutboxMail
from app.models.outbox_mail import MailFault

TIMEOUT = (5.0, 10.0)  # seconds to connect, and for each answer
MOST_BYTES = 64 * 1024
LONGEST_ANSWER = 200
# Nothing changes these but somebody who sets up the robot anew: unknown key, words or signature that do not fit.
_REFUSED = frozenset({93000, 300001, 300005, 310000, 400101, 19001, 19002, 19021, 19022, 19024})
_TRY_AGAIN = frozenset({408, 425, 429})
_OK, _MULTIPLE_CHOICES, _BAD_REQUEST, _SERVER_ERROR = 200, 300, 400, 500

logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)  # its debugging says addresses

_failure: ContextVar[NotSent | None] = ContextVar("failure", default=None)


class _Refused(requests.RequestException):
    """The answer says no, whatever its status."""


class _Posts:
    """What the plugins use of `requests`."""

    def __getattr__(self, name: str) -> Any:
        return getattr(requests, name)

    def post(self, url: str, **options: Any) -> requests.Response:
        return self.request("POST", url, **options)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        bounds = {"allow_redirects": False, "verify": True, "stream": True}
        try:
            answer = requests.request(method, url, **{**options, **bounds, "timeout": TIMEOUT})  # noqa: S113 (in there)
            with answer:
                body = answer.raw.read(MOST_BYTES, decode_content=True)
        except requests.exceptions.ConnectTimeout as error:
            _failure.set(NotSent(_("无法连接群消息服务器。")))
            raise _Refused from error
        except (requests.exceptions.SSLError, requests.exceptions.InvalidURL) as error:
            _failure.set(NotSent(_("无法与群消息服务器建立安全连接。")))
            raise _Refused from error
        except requests.exceptions.ConnectionError as error:
            # Of a connection that broke nobody knows how far it came; one that was refused came nowhere.
            nowhere = "NewConnectionError" in repr(error) or "NameResolution" in repr(error)
            _failure.set(NotSent(_("无法连接群消息服务器。"), in_doubt=not nowhere))
            raise _Refused from error
        except (requests.RequestException, OSError) as error:
            _failure.set(NotSent(_("群消息服务器没有答复。"), in_doubt=True))
            raise _Refused from error
        except Exception as error:  # of urllib3, while the body is read
            _failure.set(NotSent(_("群消息服务器的答复没有收全。"), in_doubt=True))
            raise _Refused from error
        failure = refusal(answer.status_code, body)
        if failure is not None:
            _failure.set(failure)
            raise _Refused
        return answer


def refusal(status: int, body: bytes) -> NotSent | None:
    """What the answer says, without its words: a robot's may repeat the token. None when the message was taken."""
    if not _OK <= status < _MULTIPLE_CHOICES:
        permanent = _MULTIPLE_CHOICES <= status < _SERVER_ERROR and status not in _TRY_AGAIN
        fault = MailFault.ADDRESS if permanent else None
        return NotSent(_("群消息服务器拒收：%(code)s") % {"code": f"HTTP {status}"}, permanent=permanent, fault=fault)
    code = _code(body)
    if code == 0:
        return None
    number = f"errcode {code}"
    if code not in _REFUSED:
        return NotSent(_("群消息服务器拒收：%(code)s") % {"code": number})
    sentence = _("群消息服务器拒收：%(code)s。请检查机器人是否还在群里、关键词是否为“%(keyword)s”。") % {
        "code": number,
        "keyword": keyword(),
    }
    return NotSent(sentence, permanent=True, fault=MailFault.ADDRESS)


def _code(body: bytes) -> int:
    """`errcode` of 企业微信 and 钉钉, `code` or `StatusCode` of 飞书; 0 where nothing of the kind is said."""
    try:
        said = json.loads(body)
    except ValueError:
        return 0
    if isinstance(said, dict):
        for name in ("errcode", "code", "StatusCode"):
            if type(said.get(name)) is int:
                return int(said[name])
    return 0


def say(address: ChatAddress, title: str, text: str) -> None:
    """Hands one message over. Raises NotSent; no sentence holds any part of the address."""
    from apprise import AppriseAsset, NotifyFormat, NotifyType  # noqa: PLC0415 (a third of a second, seldom needed)

    asset = AppriseAsset(
        app_id="Duban", app_desc="督办", app_url="", http_redirects=False, async_mode=False, storage_mode="memory"
    )
    # Each plugin asks its own module for `requests`.
    sys.modules[plugin_class(address.service).__module__].requests = _Posts()  # type: ignore[attr-defined]
    failure = _failure.set(None)
    try:
        sent = plugin(address, asset=asset).notify(
            body=text, title=title, notify_type=NotifyType.INFO, body_format=NotifyFormat.TEXT
        )
        if not sent:
            raise _failure.get() or NotSent(_("群消息没有发出。"))
    except ValueError as error:
        raise NotSent(_("消息通道的地址已不能使用。"), permanent=True, fault=MailFault.ADDRESS) from error
    finally:
        _failure.reset(failure)


class ChatTransport:
    """For outbox rows with a channel. `opened` unseals an address; whether it may still be written to is asked here."""

    def __init__(self, database: Database, opened: Callable[[str], str], services: Collection[str]) -> None:
        self._database = database
        self._opened = opened
        self._services = services

    @officially()
    def send(self, mail: OutboxMail, now: datetime) -> str | None:  # noqa: ARG002 (each way of sending is told)
        address = self._address(mail)
        say(address, mail.subject, mail.text)
        return None

    def _address(self, mail: OutboxMail) -> ChatAddress:
        with self._database.reading() as session:
            row = session.exec(
                select(col(ChatChannel.active), col(ChatChannel.department_id), col(ChatChannel.sealed_url)).where(
                    ChatChannel.id == mail.channel_id
                )
            ).one_or_none()
        if row is None or not row[0]:
            raise NotSent(_("消息通道已停用，未发送。"), permanent=True, fault=MailFault.UNWANTED)
        if row[1] != mail.department_id:
            raise NotSent(_("消息通道已改属其他单位，未发送。"), permanent=True, fault=MailFault.UNWANTED)
        try:
            return chat_address(self._opened(row[2]), self._services)
        except BadChatAddress as error:
            reason = _("消息通道的服务不在允许之列（DUBAN_CHAT_SERVICES），未发送。")
            raise NotSent(reason, permanent=True, fault=MailFault.UNWANTED) from error
        except DubanError as error:
            raise NotSent(error.message) from error
