"""Whether a PDF is encrypted: its trailer says so, in the open (ISO 32000-1, 7.5.5, 7.5.8 and 7.6.1)."""

import re
from collections.abc import Iterator
from typing import BinaryIO

_TAIL = 2048  # the last `startxref` stands in the last 1024 bytes; some writers add a little
_DICTIONARY = 64 * 1024  # more than any trailer needs
_CHUNK = 1024 * 1024
_START = re.compile(rb"startxref\s+(\d{1,12})")
_ENCRYPT = re.compile(rb"/Encrypt(?![^\s()<>\[\]{}/%])")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM_HEAD = re.compile(rb"\s*\d+\s+\d+\s+obj\b")


def is_encrypted(file: BinaryIO, size: int) -> bool:
    """With a password to open it, or with one for its restrictions alone. `size` in bytes."""
    place = _last_section(file, size)
    trailer = _trailer_at(file, place) if place is not None and place < size else None
    # Readers rebuild a file whose table cannot be found from every trailer in it; so all of them count.
    trailers = [trailer] if trailer is not None else _all_trailers(file)
    return any(_ENCRYPT.search(_plain_names(one)) for one in trailers)


def _last_section(file: BinaryIO, size: int) -> int | None:
    file.seek(max(0, size - _TAIL))
    found = _START.findall(file.read(_TAIL))
    return int(found[-1]) if found else None


def _trailer_at(file: BinaryIO, place: int) -> bytes | None:
    """The dictionary of the section: behind a table, or before a stream. None where neither stands."""
    file.seek(place)
    head = file.read(_DICTIONARY)
    if head.lstrip().startswith(b"xref"):
        return _behind_table(file, place)
    if _STREAM_HEAD.match(head) and b"stream" in head:
        return head[: head.index(b"stream")]
    return None


def _behind_table(file: BinaryIO, place: int) -> bytes | None:
    """A table is of digits and single letters, so that the first `trailer` behind its beginning is its own."""
    for window in _windows(file, place):
        at = window.find(b"trailer")
        if at >= 0:
            return _until_end(window[at : at + _DICTIONARY])
    return None


def _all_trailers(file: BinaryIO) -> Iterator[bytes]:
    for window in _windows(file, 0):
        for found in re.finditer(rb"trailer\s*<<", window):
            yield _until_end(window[found.start() : found.start() + _DICTIONARY])
        for found in re.finditer(rb"/XRef\b", window):
            begin = window.rfind(b"obj", 0, found.start())
            yield window[max(begin, 0) : found.start() + _DICTIONARY].partition(b"stream")[0]


def _windows(file: BinaryIO, place: int) -> Iterator[bytes]:
    """The file from there on, each window with the beginning of the next: nothing is cut at a border."""
    file.seek(place)
    window = file.read(_CHUNK)
    while window:
        following = file.read(_CHUNK)
        yield window + following[:_DICTIONARY]
        window = following


def _until_end(text: bytes) -> bytes:
    return text.partition(b"startxref")[0]


def _plain_names(text: bytes) -> bytes:
    """A name may be written with escapes: /Encr#79pt is /Encrypt."""
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text)
