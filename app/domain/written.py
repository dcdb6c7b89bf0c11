"""What counts as written: characters that nobody can see do not."""

import unicodedata

_INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
# Blank by looks alone: fillers of Hangul and Khmer, the empty Braille cell, the grapheme joiner, variation selectors.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {
    chr(code) for code in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}


def is_visible(text: str) -> bool:
    """Whether there is at least one character to be seen."""
    return any(unicodedata.category(one) not in _INVISIBLE and one not in _BLANK for one in text)


def as_written(text: str) -> str:
    """Without surrounding blanks; empty when there is nothing to be seen.

    Invisible characters beside visible ones stay as they are: they join emoji and turn the direction of words.
    """
    return text.strip() if is_visible(text) else ""
