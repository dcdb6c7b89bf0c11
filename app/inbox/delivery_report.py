"""Delivery reports: RFC 3464, and what QQ, 163, Exchange and old servers write instead.

A report is believed only as far as it names one of our message ids, which nobody knows but who got the mail.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email import policy
from email.message import Message
from enum import StrEnum
from itertools import islice

from flufl.bounce import all_failures

from app.inbox.mail_text import one_line, plain
from app.inbox.received import Part, Received, headers_of, parts_of, payload_of

log = logging.getLogger(__name__)
# The library writes a traceback at ERROR for whatever its patterns fail on, and anybody can send that.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)


class Fate(StrEnum):
    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"  # and whatever else is no bad news


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """`status`: enhanced code of RFC 3463 like 5.1.1, or a plain 550; "" where none is named.

    `diagnostic`: what the server said, in one line. `message_ids`: ids in angle brackets that the report names, those
    of the returned mail first. `permanent`: it does not help to try again.
    """

    fate: Fate
    permanent: bool
    status: str
    diagnostic: str
    message_ids: Sequence[str]


_DAEMON = re.compile(
    r"(mailer-daemon|mail-daemon|postmaster|mdaemon|microsoftexchange[0-9a-f]*|bounce[sd]?)@.*", re.IGNORECASE
)
_SUBJECT = re.compile(
    r"退信|退回|无法(投递|送达|传递)|未送达|投递失败|发送失败|undeliver|delivery (status|failure|has failed)"
    r"|mail delivery failed|failure notice|returned mail|non.?delivery|could not be delivered|bounce",
    re.IGNORECASE,
)
_ID = re.compile(r"<([^<>\s@]{1,250}@[^<>\s@]{1,250})>")
_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_PLAIN = re.compile(r"(?<![\d.])([45]\d\d)(?=[ \-#,，:：])")
_MOST_TEXT = 20_000
_MOST_BLOCKS = 20
_MOST_FIELDS, _LONGEST_LINE = 100, 1000
_MOST_RETURNED = 256 * 1024


def delivery_report(mail: Received) -> DeliveryReport | None:
    """None for what is no report of a mail server."""
    standard = _standard(mail)
    if standard is not None:
        return standard
    if mail.from_address is not None and _DAEMON.fullmatch(mail.from_address) is None:
        return None
    found = _by_library(mail)
    if found is None and _SUBJECT.search(mail.subject):
        found = _in_words(mail, permanent=False)
    return found


def _standard(mail: Received) -> DeliveryReport | None:
    kind = " ".join(mail.headers.get("content-type", ())).lower()
    if "multipart/report" not in kind:
        return None
    blocks = [block for part in _below(mail.message) if _is(part, "message/delivery-status") for block in _blocks(part)]
    told = [block for block in blocks if block.get("action")][:_MOST_BLOCKS]
    if not told:
        return None
    # Of one recipient, as all our mails have: the worst counts.
    actions = {word for block in told for word in str(block["action"]).lower().split()[:1]}
    fate = Fate.FAILED if actions & {"failed", "error"} else Fate.DELAYED if "delayed" in actions else Fate.DELIVERED
    block = next((one for one in told if str(one.get("action", "")).strip().lower().startswith(_begins(fate))), told[0])
    status = _ENHANCED.search(str(block.get("status", "")))
    diagnostic = str(block.get("diagnostic-code", "")) or str(block.get("status", ""))
    code = status[1] if status else ""
    return DeliveryReport(
        fate,
        permanent=fate is Fate.FAILED and not code.startswith("4"),
        status=code,
        diagnostic=_shown(diagnostic.partition(";")[2] or diagnostic),
        message_ids=_ids(mail),
    )


def _begins(fate: Fate) -> tuple[str, ...]:
    return ("fail", "error") if fate is Fate.FAILED else (fate.value,)


def _by_library(mail: Received) -> DeliveryReport | None:
    """It looks for the addresses that could not be reached; which code was named is looked for in the words."""
    if len(mail.text) > _MOST_TEXT:
        return None
    try:
        delayed, failed = all_failures(shortened(mail.message))
    except Exception as error:  # its patterns meet what nobody foresaw
        log.info("a mail could not be looked at as a delivery report: %s", type(error).__name__)
        return None
    if not delayed and not failed:
        return None
    return _in_words(mail, permanent=bool(failed), fate=Fate.FAILED if failed else Fate.DELAYED)


def shortened(message: Part) -> Part:
    """The mail as the library may look at it: of the same make, but with the beginning of its text alone.

    It tries many patterns at each line of each part, also of files and returned mails: here these are empty.
    """
    left = _MOST_TEXT

    def short(part: Part) -> Part:
        nonlocal left
        copy: Part = Message(policy=policy.compat32)
        for name, value in islice(part.raw_items(), _MOST_FIELDS):
            copy.set_raw(name[:_LONGEST_LINE], value[:_LONGEST_LINE])
        within = part.get_payload()
        if isinstance(within, list):
            for one in within[:_MOST_BLOCKS]:
                if isinstance(one, Message):
                    copy.attach(short(one))
        elif isinstance(within, str) and part.get_content_disposition() != "attachment" and not part.get_filename():
            text = "\n".join(line[:_LONGEST_LINE] for line in within[:left].splitlines())
            left -= len(text)
            copy.set_payload(text)
        else:
            copy.set_payload("")
        return copy

    return short(message)


def _in_words(mail: Received, *, permanent: bool, fate: Fate = Fate.FAILED) -> DeliveryReport:
    text = mail.text[:_MOST_TEXT]
    found = _ENHANCED.search(text) or _PLAIN.search(text)
    status = found[1] if found else ""
    line = next((one for one in text.splitlines() if status and status in one), text.strip().partition("\n")[0])
    if status:
        permanent = status.startswith("5")
    return DeliveryReport(fate, permanent and fate is Fate.FAILED, status, _shown(line), _ids(mail))


def _shown(text: str) -> str:
    return one_line(text)[:300]


def _ids(mail: Received) -> list[str]:
    found: list[str] = []
    for part in _below(mail.message):
        if _is(part, "message/rfc822"):
            found += [one for inner in _blocks(part) for one in _message_id(inner)]
        elif part.get_content_maintype() == "text" or part.get_filename():  # QQ and 163 return the mail as a file
            found += _ID.findall(_readable(part))
    named = [f"<{one}>" for one in dict.fromkeys(found)]
    return [*named, *(one for one in mail.referred if one not in named)][:100]


def _message_id(returned: Part) -> list[str]:
    return [one for value in headers_of(returned).get("message-id", ()) for one in _ID.findall(value)]


def _readable(part: Part) -> str:
    return plain(payload_of(part)[:_MOST_RETURNED].decode("utf-8", "replace"))


def _below(message: Part) -> list[Part]:
    """All parts but what lies within a mail that was returned."""
    return [message, *(part for part in parts_of(message) if part is not message)]


def _blocks(part: Part) -> list[Part]:
    """The mail within, or the groups of fields of a delivery status."""
    below = part.get_payload()
    return [one for one in below if isinstance(one, Message)][:_MOST_BLOCKS] if isinstance(below, list) else []


def _is(part: Part, kind: str) -> bool:
    return part.get_content_type() == kind
