"""The token that a session's forms carry, written anew on every page."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode


def masked(token: str) -> str:
    """A random pad and the token under it: no two pages hold the same letters, yet all mean the same token."""
    plain = token.encode()
    pad = secrets.token_bytes(len(plain))
    return urlsafe_b64encode(pad + _under(pad, plain)).decode()


def means(given: str, token: str) -> bool:
    """Whether `given` was made of the token; anything else that somebody may send is wrong, not an error."""
    try:
        both = urlsafe_b64decode(given.encode("ascii"))
    except ValueError:
        return False
    half = len(both) // 2
    return secrets.compare_digest(_under(both[:half], both[half:]), token.encode())


def _under(pad: bytes, text: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(pad, text, strict=False))
