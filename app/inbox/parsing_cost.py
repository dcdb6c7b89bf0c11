"""What a mail would cost the parser, counted in its bytes before anything is parsed.

The parser compares each line with the boundaries of all parts around it, makes an object of each line that begins a
part, and of each group of fields of a delivery status: small mails can be made that take minutes. Only one pass over
the bytes is made here, for each question. Ordinary mails have up to 6 boundaries, and 400 000 lines of Base64.
"""

import re

# Parameters are found by the parser under these names alone (RFC 2231 adds the asterisks), with any space before "=".
_BOUNDARY = re.compile(rb"boundary[*0-9]*[\s\x1c-\x1f]*=", re.IGNORECASE)
_MESSAGE = re.compile(rb"content-type:\s*message/", re.IGNORECASE)
_STATUS = re.compile(rb"message/delivery-status", re.IGNORECASE)
# Parameters are taken apart in a time that grows with the square of their length.
_FIELD = re.compile(rb"(?:^|[\r\n])content-[a-z-]{1,30}:[^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*", re.IGNORECASE)
_DELIMITER = re.compile(rb"[\r\n]--")
_EMPTY = re.compile(rb"(?:\r\n|\r(?!\n)|\n)(?=[\r\n])")

MOST_NESTING = 24  # ten mails that somebody sends on in one have 21
MOST_COMPARED = 4_000_000  # half a second
_MOST_DELIMITERS = 10_000
_MOST_EMPTY = 20_000
_MOST_SQUARES = 200_000_000


def is_too_costly(content: bytes) -> bool:
    nested = 0
    for pattern in (_BOUNDARY, _MESSAGE):
        if _is_more(pattern, content, MOST_NESTING - nested):
            return True
        nested += len(pattern.findall(content))
    if _lines(content) * (nested + 1) > MOST_COMPARED:
        return True
    if sum((found.end() - found.start()) ** 2 for found in _FIELD.finditer(content)) > _MOST_SQUARES:
        return True
    if _STATUS.search(content) and _is_more(_EMPTY, content, _MOST_EMPTY):
        return True
    return nested > 0 and _is_more(_DELIMITER, content, _MOST_DELIMITERS)


def _is_more(pattern: re.Pattern[bytes], content: bytes, most: int) -> bool:
    return any(number >= most for number, _found in enumerate(pattern.finditer(content)))


def _lines(content: bytes) -> int:
    """The parser takes a carriage return alone for the end of a line as well."""
    return content.count(b"\n") + content.count(b"\r") - content.count(b"\r\n")
