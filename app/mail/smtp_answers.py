"""What a mail server's refusal means for the mail, for all mails, and for the next attempt.

RFC 5321 4.2 for the codes, RFC 3463 for the three numbers behind them, RFC 4954 for 530, 534, 535 and 538.
"""

import re
from enum import Enum, auto

from app.i18n import gettext as _
from app.mail.transport import NotSent
from app.models.outbox_mail import MailFault

CLOSING = 421  # whatever the command was: the server ends the conversation
_PERMANENT = 500
_STORAGE = frozenset({452, 552})
_LOGIN = frozenset({530, 534, 535, 538})
_DETAIL = re.compile(r"[245]\.(\d{1,3})\.(\d{1,3})(?!\S)")
_NO_ADDRESS, _FULL, _TOO_BIG, _NO_ROOM = (1,), (2, 2), (3, 4), (3, 1)
_POLICY = 7
_RELAY = re.compile(r"relay", re.IGNORECASE)


class Step(Enum):
    """What the server refused."""

    SENDER = auto()
    RECIPIENT = auto()
    CONTENT = auto()


def refusal(step: Step, code: int, words: str) -> NotSent:
    """`words`: the answer behind the code, in one line."""
    said = {"answer": f"{code} {words}".strip()}
    found = _DETAIL.match(words)
    detail = (int(found[1]), int(found[2])) if found else ()
    if code in _LOGIN:
        return NotSent(_("邮件服务器要求先登录或不接受登录：%(answer)s") % said, ours=True)
    match step:
        case Step.SENDER:
            return _of_sender(code, detail, said)
        case Step.RECIPIENT:
            return _of_recipient(code, detail, said)
        case Step.CONTENT:
            return _of_content(code, detail, said)


def _of_sender(code: int, detail: tuple[int, ...], said: dict[str, str]) -> NotSent:
    """The size is announced together with the sender. Everything else is the same for all mails."""
    if code == CLOSING or (code not in _STORAGE and detail not in (_TOO_BIG, _NO_ROOM)):
        return NotSent(_("邮件服务器不接受发件人：%(answer)s") % said, ours=True)
    return _of_size(code, said)


def _of_recipient(code: int, detail: tuple[int, ...], said: dict[str, str]) -> NotSent:
    # 552 in answer to a recipient is to be read as 452 (RFC 5321 4.5.3.1.10): a full box will be emptied. A policy
    # (5.7) is about us and not about the address: when it is put right the mail still waits.
    waits = code < _PERMANENT or code in _STORAGE or detail == _FULL or detail[:1] == (_POLICY,)
    if waits or _RELAY.search(said["answer"]):
        return NotSent(_("邮件服务器暂不接受收件人：%(answer)s") % said)
    return NotSent(_("邮件服务器不接受收件人：%(answer)s") % said, permanent=True, fault=MailFault.ADDRESS)


def _of_content(code: int, detail: tuple[int, ...], said: dict[str, str]) -> NotSent:
    if code < _PERMANENT or detail == _FULL:
        return NotSent(_("邮件服务器暂不接收：%(answer)s") % said)
    if code in _STORAGE or detail == _TOO_BIG:
        return _of_size(code, said)
    fault = MailFault.ADDRESS if detail[:1] == _NO_ADDRESS else MailFault.CONTENT
    return NotSent(_("邮件服务器拒收：%(answer)s") % said, permanent=True, fault=fault)


def _of_size(code: int, said: dict[str, str]) -> NotSent:
    if code < _PERMANENT:
        return NotSent(_("邮件服务器暂不接收：%(answer)s") % said)
    return too_big(said["answer"])


def too_big(answer: str) -> NotSent:
    return NotSent(
        _("邮件超过邮件服务器允许的大小：%(answer)s") % {"answer": answer}, permanent=True, fault=MailFault.CONTENT
    )
