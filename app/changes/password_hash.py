"""Passwords as they are kept: argon2id with the library's recommended cost (RFC 9106, 4)."""

import secrets

from pwdlib import PasswordHash

hasher = PasswordHash.recommended()
_nobody: list[str] = []


def hash_password(password: str) -> str:
    return hasher.hash(password)


def nobodys_hash() -> str:
    """Verified where there is no account, so that an answer takes as long as for one that exists."""
    if not _nobody:
        _nobody.append(hasher.hash(secrets.token_hex(16)))
    return _nobody[0]


def unusable_hash() -> str:
    """Of a password that nobody has seen: its account waits for a link."""
    return hasher.hash(secrets.token_urlsafe(32))


def verify_password(password: str, hashed: str) -> tuple[bool, str | None]:
    """Whether it is right, and a new hash of it where the kept one was made with other parameters than today's."""
    return hasher.verify_and_update(password, hashed)
