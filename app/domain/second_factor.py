"""What is typed and shown of a second factor, and when a provider has asked for one already."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any

DIGITS = 6
_GROUP = 4
_BETWEEN = re.compile(r"[\s\-·]+")
# RFC 8176, 2: "mfa" is said only where factors of different kinds were asked for.
_MANY_FACTORS = "mfa"
# What providers call it who say it by `acr`: the REFEDS profile, and the older policy of OpenID 2.0 (PAPE).
_STRONG_CONTEXTS = frozenset(
    {"https://refeds.org/profile/mfa", "http://schemas.openid.net/pape/policies/2007/06/multi-factor"}
)


def typed_code(text: str) -> str | None:
    """Six digits, however they were grouped or whatever width they have; None for anything else."""
    plain = _BETWEEN.sub("", unicodedata.normalize("NFKC", text))
    return plain if len(plain) == DIGITS and plain.isascii() and plain.isdigit() else None


def in_groups(secret: str) -> str:
    """ABCD EFGH …: what is typed by hand is typed in groups."""
    return " ".join(secret[start : start + _GROUP] for start in range(0, len(secret), _GROUP))


def proves_two_factors(claims: Mapping[str, Any]) -> bool:
    """Whether an ID token says that its person was asked for more than a password.

    Two entries of `amr` are not enough: "pwd" and "pin" are two of one kind. Anything of the wrong shape says nothing.
    """
    methods, context = claims.get("amr"), claims.get("acr")
    said: Collection[Any] = methods if isinstance(methods, list) else ()
    return _MANY_FACTORS in said or (isinstance(context, str) and context in _STRONG_CONTEXTS)
