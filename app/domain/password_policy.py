"""What a password must be like: two policies that contradict each other, chosen by `DUBAN_PASSWORD_PROFILE`.

asvs (OWASP ASVS 5.0, 6.2): at least 8 signs (6.2.1), no rule on kinds of signs (6.2.5), no change by the calendar
(6.2.10), at least 64 signs allowed, here 256 (6.2.9), common passwords (6.2.4) and words of the place (6.2.11) refused.
djbh (GB/T 22239-2019, 8.1.4.1 a, 等保 as offices apply it): complexity and regular change besides.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST = 256


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """`kinds`: how many of lower case, upper case, digits and others. `lasts`: then it must be changed.

    `remembered`: how many of an account's last passwords, the present one counted, may not be taken again.
    """

    shortest: int
    advised: int
    kinds: int
    lasts: timedelta | None
    remembered: int


def password_policy(profile: str, days: int) -> PasswordPolicy:
    """`days` counts under djbh alone."""
    if profile == "djbh":
        return PasswordPolicy(shortest=8, advised=12, kinds=3, lasts=timedelta(days=days), remembered=5)
    return PasswordPolicy(shortest=8, advised=15, kinds=0, lasts=None, remembered=1)


def kinds_of(password: str) -> int:
    """Signs without case, Chinese ones among them, are of the fourth kind."""
    return len({_kind(sign) for sign in password})


def _kind(sign: str) -> str:
    category = unicodedata.category(sign)
    return category if category in {"Lu", "Ll", "Nd"} else "other"


def left_without(password: str, words: Iterable[str]) -> int:
    """How many signs are left when all words of the place are taken out, whatever their case."""
    text = password.casefold()
    for word in sorted({word.casefold() for word in words if len(word) > 1}, key=len, reverse=True):
        text = text.replace(word, "")
    return len(text)


def is_expired(set_at: datetime, policy: PasswordPolicy, now: datetime) -> bool:
    return policy.lasts is not None and set_at + policy.lasts <= now
