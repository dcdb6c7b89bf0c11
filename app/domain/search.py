"""What a search looks for, and what it shows of a long text: the part around the first word, every word marked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

WIDTH = 90  # characters; two lines of Chinese on a phone
_BEFORE = 20  # characters kept in front of the first word


class Kind(StrEnum):
    """In the order of the page."""

    TASK = "task"
    MEASURE = "measure"
    INDICATOR = "indicator"
    DEPARTMENT = "department"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text; `found` when it is one of the words."""

    text: str
    found: bool = False


def excerpt(text: str, words: Sequence[str], width: int = WIDTH) -> list[Piece]:
    """The pieces in order; "…" stands where text was left out. Words are found whatever their case."""
    line = " ".join(text.split())
    pattern = re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)), re.IGNORECASE)
    first = pattern.search(line) if words else None
    start = max(0, first.start() - _BEFORE) if first and len(line) > width else 0
    start = max(0, min(start, len(line) - width))
    shown = line[start : start + width]
    pieces = [Piece("…")] if start else []
    at = 0
    for match in pattern.finditer(shown) if words else ():
        if match.start() > at:
            pieces.append(Piece(shown[at : match.start()]))
        pieces.append(Piece(match[0], found=True))
        at = match.end()
    if shown[at:]:
        pieces.append(Piece(shown[at:]))
    if start + width < len(line):
        pieces.append(Piece("…"))
    return pieces
