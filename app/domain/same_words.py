"""Does a report say the same words again as the one before it?"""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

# Two reports of one template differ in a name or two; two reports of one matter in different words stay below.
NEARLY = 0.9


def bare(text: str) -> str:
    """Letters alone, in one case: without blanks, punctuation, signs and digits, full-width forms as plain ones.

    A report that changes only its figures says the same words again.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in plain if sign.isalpha())


def nearly_same(one: str, other: str) -> bool:
    """Of two bare texts. Shared pairs of neighbouring letters (Dice), in time linear in the length."""
    if not one or not other:
        return False
    if one == other:
        return True
    shorter, longer = sorted((len(one), len(other)))
    if 2 * shorter < NEARLY * (shorter + longer):  # could not share enough
        return False
    ours, theirs = Counter(pairwise(one)), Counter(pairwise(other))
    shared = sum((ours & theirs).values())
    pairs = sum(ours.values()) + sum(theirs.values())
    return pairs > 0 and 2 * shared >= NEARLY * pairs


def said_again(newest_first: Sequence[str]) -> int:
    """How many of the newest reports say nearly the same as the one before each: 0, or 2 and more."""
    same = sum(1 for _step in _steps(newest_first))
    return same + 1 if same else 0


def _steps(newest_first: Sequence[str]) -> Iterator[None]:
    for newer, older in pairwise(bare(text) for text in newest_first):
        if not nearly_same(newer, older):
            return
        yield None
