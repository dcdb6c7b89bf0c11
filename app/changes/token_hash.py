"""Tokens as the tables hold them. They are random and long: a plain hash cannot be turned around."""

import hashlib


def token_sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
