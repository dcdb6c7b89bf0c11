"""An outbox row as a message of RFC 5322: plain and HTML part, attachments, names in any script."""

import re
from base64 import b64decode
from datetime import datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from app.i18n import gettext as _
from app.i18n import officially
from app.models import OutboxMail
from app.models.digest_run import RunKind

# Kinds of mails that people are asked to answer.
_ANSWERED = frozenset(kind.value for kind in RunKind)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class BadAddress(Exception):
    """The address on record cannot be written to."""


def date_of(mail: OutboxMail, now: datetime) -> datetime:
    """When it was written, moved on by whole days while it waited.

    A repeat carries the same date as the attempt that nobody knows about, since mail servers know a copy by Message-ID
    and Date; and what waited for days does not arrive below everything that came meanwhile.
    """
    return mail.created_at + max(timedelta(0), timedelta(days=(now - mail.created_at).days))


def build_message(mail: OutboxMail, *, sender: str, at: datetime, answers_to: str | None = None) -> EmailMessage:
    """`at` becomes the Date header in its own zone. `answers_to`: where answers are read. Raises BadAddress."""
    message = EmailMessage(policy=SMTP)
    with officially():
        message["From"] = _address(_("督办系统"), sender)
    message["To"] = _address(mail.to_name, mail.to_address)
    if answers_to is not None and mail.kind in _ANSWERED:
        message["Reply-To"] = _address("", answers_to)
    message["Subject"] = _line(mail.subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = mail.message_id
    # Nobody's absence note or robot should answer a robot.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    # base64, because not every relay passes on eight bits and long Chinese lines.
    message.set_content(mail.text, cte="base64")
    message.add_alternative(mail.html, subtype="html", cte="base64")
    for stored in mail.attachments:
        kind, *parameters = stored["media_type"].split(";")
        main, _slash, sub = kind.partition("/")
        message.add_attachment(
            b64decode(stored["content"]),
            maintype=main,
            subtype=sub,
            filename=_line(stored["file_name"]),
            params=dict(one.strip().split("=", 1) for one in parameters),
        )
    return message


def _address(name: str, address: str) -> Address:
    if not address.isascii():
        raise BadAddress(_("收件地址含有非英文字符：%(address)s") % {"address": address})
    try:
        return Address(_line(name), addr_spec=address)
    except (ValueError, IndexError, MessageError) as error:  # the standard library's parser raises all of them
        raise BadAddress(_("收件地址不正确：%(address)s") % {"address": address}) from error


def _line(text: str) -> str:
    """No line breaks in a header, and no marks that turn the reading direction around.

    Nor what looks like an encoded word of RFC 2047: the library would decode it, and write the line breaks in it.
    """
    return _CONTROLS.sub(" ", text).replace("=?", "= ?").strip()
