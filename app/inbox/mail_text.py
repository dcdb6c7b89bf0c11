"""Bytes of unknown origin as text that can be kept: whatever charset was named, without what cannot be seen."""

import binascii
import re
import unicodedata
from email.errors import HeaderParseError
from email.header import decode_header

# Charsets that mails are written in. Python knows codecs beyond them that unpack, escape or take very long.
_KNOWN = re.compile(
    r"utf-?8|us-ascii|ascii|gb2312|gbk|gb18030|hz-gb-2312|big5(-hkscs)?|utf-?16(le|be)?|iso-8859-\d{1,2}|windows-125\d"
    r"|koi8-[ru]|shift_jis|euc-(jp|kr)|iso-2022-(jp|kr)",
    re.IGNORECASE,
)
_WIDER = {"gb2312": "gb18030", "gbk": "gb18030"}  # programs write gb2312 and use signs beyond it
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_BARE_BYTES = re.compile("[\udc80-\udcff]")
_LONGEST_HEADER = 4000


def decoded(content: bytes, charset: str | None) -> str:
    """Never raises. What the named charset cannot be is tried as UTF-8 and GB18030."""
    for name in (charset or "", "utf-8", "gb18030"):
        if _KNOWN.fullmatch(name):
            try:
                return content.decode(_WIDER.get(name.lower(), name))
            except (UnicodeError, LookupError):
                continue
    return content.decode("utf-8", "replace")


def plain(text: str) -> str:
    """With plain line ends; without controls, marks that turn the reading direction, and half characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub("", text))


def header_text(raw: str) -> str:
    """A header as one line that can be shown; encoded words of RFC 2047 and bare bytes are read."""
    raw = raw[:_LONGEST_HEADER]
    try:
        parts = decode_header(raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
        if _BARE_BYTES.search(raw):  # no charset was named for them
            parts = [(raw.encode("utf-8", "surrogateescape"), None)]
    except (HeaderParseError, binascii.Error, ValueError, UnicodeError):
        parts = [(raw, None)]
    words = [decoded(part, charset) if isinstance(part, bytes) else part for part, charset in parts]
    return one_line("".join(words))


def one_line(text: str) -> str:
    shown = "".join(" " if unicodedata.category(sign) in {"Cc", "Zl", "Zp"} else sign for sign in plain(text))
    return " ".join(shown.split())
