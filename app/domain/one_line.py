"""Texts that stand in one line: names, logins, spellings, reasons."""

import unicodedata

# Control characters, marks that turn the reading direction or cannot be seen, line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"})


def is_one_line(text: str) -> bool:
    """Whether everything in it can be seen: a line break would begin a header of its own in a mail."""
    return not any(unicodedata.category(sign) in _UNSEEN for sign in text)
