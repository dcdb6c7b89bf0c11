"""Where the token of a report link belongs in a stored mail: the mark stands there until the mail is sent.

So no table, no backup and no page of ours holds an address by which somebody could report. What people wrote may hold
the mark, too: it is filled in only where it is the end of an address of ours and nothing stands around that address,
since a mail program would follow `https://elsewhere/?to=…/r/TOKEN` elsewhere.
"""

import re

from app.models import OutboxMail

MARK = "{report-link}"
PATH = "/r/"
_PLAIN_PATH = "/obligations"
_COVER = "••••••"


def has_mark(text: str) -> bool:
    return PATH + MARK in text


def with_link(mail: OutboxMail, token: str | None, *, site: str) -> OutboxMail:
    """A copy for the transport that belongs to no session; without a token the address leads to one's own items.

    `site`: what the addresses of this installation begin with.
    """
    address = site + (PATH + token if token else _PLAIN_PATH)
    parts = {
        "text": _whole_words(site).sub(lambda _found: address, mail.text),
        "html": _quoted(site).sub(lambda _found: address, mail.html),
    }
    return OutboxMail(**mail.model_dump() | parts)


def without_link(text: str) -> str:
    """As a stored mail is shown or handed out."""
    return text.replace(PATH + MARK, PATH + _COVER)


def _whole_words(site: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\S){re.escape(site + PATH + MARK)}(?!\S)")


def _quoted(site: str) -> re.Pattern[str]:
    """Within an attribute or an element: what people wrote has neither quotation marks nor brackets there."""
    return re.compile(rf"(?<=[\">]){re.escape(site + PATH + MARK)}(?=[\"<])")
