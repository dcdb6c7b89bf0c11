"""Whether an ID token is what it says (OpenID Connect Core 1.0, 3.1.3.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, import_key

LEEWAY = 60  # seconds that the clocks of both systems may differ
LONGEST_SUBJECT = 255  # OpenID Connect Core 1.0, 2
# Signed with a key that the provider alone has: neither "none" nor a secret that both know.
_ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)
_KINDS = frozenset({"RSA", "EC", "OKP"})
# What the libraries raise over things of a wrong shape.
_WRONG = (JoseError, ValueError, TypeError, KeyError, AttributeError)


class Unproven(Exception):
    """Says why, for the operator."""


@dataclass(frozen=True, slots=True)
class Expected:
    """`access_token`: the token that came with it must be the one that it was issued with, if it says so."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str | None


def proven_claims(
    id_token: str, keys: Mapping[str, Any], expected: Expected, *, algorithms: Any, wall: datetime
) -> dict[str, Any]:
    """Its claims, once signature, issuer, audience, expiry and nonce are right. Raises Unproven.

    `keys` and `algorithms` as the provider publishes them, RS256 where it names none; `wall` is the real moment.
    """
    try:
        allowed = sorted(_ALGORITHMS & set(algorithms or ["RS256"]))
        token = jwt.decode(id_token, _usable(keys), algorithms=allowed)
        claims = CodeIDToken(
            token.claims,
            token.header,
            options={
                "iss": {"essential": True, "value": expected.issuer},
                "aud": {"essential": True, "value": expected.client_id},
            },
            params={
                "nonce": expected.nonce,
                "client_id": expected.client_id,
                "access_token": expected.access_token,
            },
        )
        claims.validate(now=int(wall.timestamp()), leeway=LEEWAY)
    except _WRONG as error:
        raise Unproven(f"{type(error).__name__} {str(error)[:100]}") from error
    subject = claims["sub"]
    if not subject or len(subject) > LONGEST_SUBJECT or not subject.isprintable():
        raise Unproven("a subject that is none")
    return dict(claims)


def _usable(found: Mapping[str, Any]) -> KeySet:
    """Those of a kind that we know; others may stand beside them."""
    listed = found.get("keys")
    keys = []
    for each in listed if isinstance(listed, list) else []:
        if not isinstance(each, dict) or each.get("kty") not in _KINDS:
            continue
        try:
            keys.append(import_key(each))
        except _WRONG:
            continue
    return KeySet(keys)
