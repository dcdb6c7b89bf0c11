"""What a received mail says, read within limits: whoever knows the address of the mailbox can send anything.

The standard library's parser is asked for MIME structure alone (policy compat32): its parser of structured headers
takes too long on what was made for it. Addresses are read from the one From header by rules stricter than RFC 5322.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email import policy
from email.message import Message
from email.parser import BytesParser
from typing import TypeAlias

from app.i18n import gettext as _
from app.inbox.html_text import text_of_html
from app.inbox.mail_text import decoded, header_text, one_line, plain
from app.inbox.mailbox import RawMail
from app.inbox.parsing_cost import is_too_costly

MOST_TEXT = 100_000  # signs of one body
_MOST_HEADERS = 256 * 1024
_MOST_PARTS = 200
_MOST_DEPTH = 20
_MOST_VALUES, _LONGEST_VALUE = 50, 8000
_ID = re.compile(r"<([^<>\s]{1,250})>")
_MOST_IDS = 60
_MAIL = r"[^\s@<>\"(),:;\[\]\\]{1,64}@[A-Za-z0-9.-]{1,189}"
# A name of any kind without angle brackets, or in quotes; then one address. Or the address alone.
_FROM = re.compile(rf'(?:(?P<name>"(?:[^"\\]|\\.)*"|[^<>"]*)\s*<(?P<one>{_MAIL})>|(?P<bare>{_MAIL}))')

Headers: TypeAlias = Mapping[str, Sequence[str]]
Part: TypeAlias = "Message[str, str]"


class Unreadable(Exception):
    """The sentence says why nobody could read it."""


@dataclass(frozen=True, slots=True)
class SentFile:
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """`from_address`: None unless there is exactly one From header with exactly one address.

    `referred`: message ids in angle brackets that it answers, the nearest first. `text`: with all that it quotes.
    """

    headers: Headers
    message: Part = field(repr=False)
    from_address: str | None
    from_name: str
    subject: str
    message_id: str
    referred: Sequence[str]
    text: str = field(repr=False)
    files: Sequence[SentFile] = field(repr=False)


def read_mail(raw: RawMail) -> Received:
    """Raises Unreadable."""
    if raw.cut:
        raise Unreadable(_("邮件过大（%(size)s MB），未读取。") % {"size": raw.size // 1024 // 1024})
    message = _parsed(raw.content)
    headers = headers_of(message)
    address, name = sender_of(headers)
    try:
        texts, files = _contents(message)
    except (RecursionError, ValueError, LookupError, AttributeError, TypeError, KeyError, IndexError) as error:
        raise Unreadable(_("邮件格式有误，无法读取。")) from error
    return Received(
        headers=headers,
        message=message,
        from_address=address,
        from_name=name,
        subject=header_text(_first(headers, "subject")),
        message_id=one_line(_first(headers, "message-id"))[:500],
        referred=referred_by(headers),
        text=texts,
        files=files,
    )


def beginning_of(raw: RawMail) -> tuple[str, str, str]:
    """(address, subject, message id) of a mail that is not read any further, as far as they can be made out."""
    head = re.split(rb"\r?\n\r?\n", raw.content[:_MOST_HEADERS], maxsplit=1)[0]
    try:
        headers = headers_of(BytesParser(policy=policy.compat32).parsebytes(head, headersonly=True))
    except (RecursionError, ValueError, LookupError, AttributeError, TypeError):
        return "", "", ""
    address, _name = sender_of(headers)
    return address or "", header_text(_first(headers, "subject")), one_line(_first(headers, "message-id"))[:500]


def _parsed(content: bytes) -> Part:
    end = re.search(rb"\r?\n\r?\n", content[:_MOST_HEADERS])
    if end is None and len(content) > _MOST_HEADERS:
        raise Unreadable(_("邮件头过长，未读取。"))
    if not content.strip():
        raise Unreadable(_("邮件是空的。"))
    if is_too_costly(content):
        raise Unreadable(_("邮件结构过于复杂，未读取。"))
    try:
        return BytesParser(policy=policy.compat32).parsebytes(content)
    except (RecursionError, ValueError, LookupError, AttributeError, TypeError) as error:
        raise Unreadable(_("邮件格式有误，无法读取。")) from error


def headers_of(message: Part) -> Headers:
    """By their names in small letters, as they were sent; of many with one name the first."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, value in message.raw_items():
        values = found[name.lower()]
        if len(values) < _MOST_VALUES:
            values.append(str(value)[:_LONGEST_VALUE])
    return found


def _first(headers: Headers, name: str) -> str:
    return next(iter(headers.get(name, ())), "")


def sender_of(headers: Headers) -> tuple[str | None, str]:
    """(address, name) of the one From header; without an address where there is another number of either."""
    values = headers.get("from", ())
    raw = re.sub(r"\r?\n[ \t]+", " ", values[0]).strip() if len(values) == 1 else ""
    match = _FROM.fullmatch(raw) if len(raw) <= _LONGEST_VALUE // 4 else None
    if match is None:
        return None, header_text(values[0])[:200] if values else ""
    address = match["one"] or match["bare"] or ""
    name = match["name"] or ""
    if name.startswith('"'):
        name = re.sub(r"\\(.)", r"\1", name.strip().strip('"'))
    return address, header_text(name)[:200]


def referred_by(headers: Headers) -> list[str]:
    """In-Reply-To, then References from the newest on (RFC 5322, 3.6.4)."""
    answered = [one for value in headers.get("in-reply-to", ()) for one in _ID.findall(value)]
    before = [one for value in headers.get("references", ()) for one in _ID.findall(value)]
    return [f"<{one}>" for one in dict.fromkeys([*answered, *reversed(before)])][:_MOST_IDS]


def _contents(message: Part) -> tuple[str, list[SentFile]]:
    written: list[str] = []
    drawn: list[str] = []
    files: list[SentFile] = []
    for part in parts_of(message):
        kind = part.get_content_type()
        name = file_name(part)
        if kind in {"text/plain", "text/html"} and not name and not _is_attached(part):
            (written if kind == "text/plain" else drawn).append(body_of(part))
        elif kind == "message/rfc822":
            files.append(SentFile(name or "message.eml", b""))
        elif name and not (part.get("Content-ID") and kind.startswith("image/") and not _is_attached(part)):
            # A picture with an id stands within the text: the mark of an office below its name.
            files.append(SentFile(name, payload_of(part)))
    text = "\n".join(written)
    if not text.strip():
        text = "\n".join(text_of_html(one) for one in drawn)
    return plain(text)[:MOST_TEXT], files


def parts_of(message: Part) -> Iterator[Part]:
    """The leaves; what is a mail itself is one of them. Raises Unreadable for too many, or too deep."""
    waiting, given = [(message, 0)], 0
    while waiting:
        part, depth = waiting.pop()
        given += 1
        if given > _MOST_PARTS or depth > _MOST_DEPTH:
            raise Unreadable(_("邮件结构过于复杂，未读取。"))
        below = part.get_payload() if part.get_content_maintype() == "multipart" else None
        if isinstance(below, list):
            waiting += [(one, depth + 1) for one in reversed(below) if isinstance(one, Message)]
        else:
            yield part


def payload_of(part: Part) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def body_of(part: Part) -> str:
    charset = part.get_content_charset()
    return plain(decoded(payload_of(part)[: MOST_TEXT * 6], charset))


def file_name(part: Part) -> str:
    """RFC 2231, and the encoded words that many programs write instead; "" without one."""
    name = part.get_filename()
    return header_text(name)[:300] if name else ""


def _is_attached(part: Part) -> bool:
    return part.get_content_disposition() == "attachment"
