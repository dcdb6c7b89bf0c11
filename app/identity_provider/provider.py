"""One sign-in at the provider: where to send the browser, and whom the code stands for that it brings back.

Discovery and keys are asked for anew each time: sign-ins are rare, and a key that was changed a minute ago is known.
Nothing here touches the database, so that a slow provider holds no lock.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from app.identity_provider.conversation import ask, client
from app.identity_provider.faults import nonsense, refused, silent, spent, unproven
from app.identity_provider.id_token import Expected, Unproven, proven_claims
from app.settings import Settings

RETURN_PATH = "/sign-in/provider/return"
BY_EMAIL = "email"
_OK, _SERVER_ERROR = 200, 500


@dataclass(frozen=True, slots=True)
class Visit:
    """What binds the answer to the question. `state` also goes into a cookie of the browser."""

    state: str
    nonce: str
    code_verifier: str

    @classmethod
    def new(cls) -> "Visit":
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))


@dataclass(frozen=True, slots=True)
class Said:
    """Who it is: `subject` is what the provider calls the person for ever, `claims` what else it says."""

    issuer: str
    subject: str
    claims: Mapping[str, Any]


class IdentityProvider:
    """Of the settings; `name` is what the office calls it. All methods raise ProviderFault."""

    def __init__(self, settings: Settings) -> None:
        assert settings.oidc_issuer is not None
        assert settings.oidc_client_id is not None
        self.name = settings.oidc_name
        self._issuer = settings.oidc_issuer
        self._client_id = settings.oidc_client_id
        secret = settings.oidc_client_secret
        self._secret = secret.get_secret_value() if secret is not None else ""
        self._match = settings.oidc_match
        self._return_to = settings.site + RETURN_PATH

    async def address_for(self, visit: Visit, *, anew: bool = False) -> str:
        """Where the browser goes to sign in. `anew`: not as the one who was not let in here a moment ago."""
        async with client() as http:
            place = self._endpoint(await self._discover(http), "authorization_endpoint")
        address: str = prepare_grant_uri(
            place,
            self._client_id,
            "code",
            redirect_uri=self._return_to,
            scope="openid email" if self._match == BY_EMAIL else "openid profile email",
            state=visit.state,
            nonce=visit.nonce,
            code_challenge=create_s256_code_challenge(visit.code_verifier),
            code_challenge_method="S256",
            **({"prompt": "login"} if anew else {}),
        )
        return address

    async def who(self, returned: Mapping[str, str], visit: Visit, *, wall: datetime) -> Said:
        """`returned`: what the browser brought back, its state compared already. `wall`: the real moment."""
        async with client() as http:
            metadata = await self._discover(http)
            self._check_sender(metadata, returned)
            if "error" in returned:
                raise refused(self.name, returned["error"])
            if not returned.get("code"):
                raise nonsense(self.name, "came back without a code")
            tokens = await self._redeem(http, metadata, returned["code"], visit)
            claims = await self._proven(http, metadata, tokens, visit, wall)
            extra = await self._more(http, metadata, tokens, claims)
        return Said(self._issuer, claims["sub"], extra | claims)

    async def _discover(self, http: httpx.AsyncClient) -> dict[str, Any]:
        """OpenID Connect Discovery 1.0, 4: what is found there must say that it is this very issuer's."""
        address = self._issuer.rstrip("/") + "/.well-known/openid-configuration"
        status, metadata = await ask(self.name, http, "GET", address)
        if status >= _SERVER_ERROR:
            raise silent(self.name, f"discovery: status {status}")
        if status != _OK or metadata.get("issuer") != self._issuer:
            raise nonsense(self.name, f"discovery: status {status}, issuer {str(metadata.get('issuer'))[:100]!r}")
        return metadata

    def _endpoint(self, metadata: Mapping[str, Any], name: str) -> str:
        """Over https, unless the provider itself is on this machine in the clear."""
        url = metadata.get(name)
        parts = urlsplit(url) if isinstance(url, str) and url.isprintable() else None
        if parts is None or not parts.hostname or parts.scheme not in {"https", urlsplit(self._issuer).scheme}:
            raise nonsense(self.name, f"discovery: no usable {name}")
        return str(url)

    def _check_sender(self, metadata: Mapping[str, Any], returned: Mapping[str, str]) -> None:
        """RFC 9207, 2.4: an answer of another provider is not taken to this one."""
        said = returned.get("iss")
        if said is None and metadata.get("authorization_response_iss_parameter_supported") is not True:
            return
        if said != self._issuer:
            raise unproven(self.name, "came back with another issuer, or without the one that is promised")

    async def _redeem(
        self, http: httpx.AsyncClient, metadata: Mapping[str, Any], code: str, visit: Visit
    ) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._return_to,
            "code_verifier": visit.code_verifier,
        }
        headers = {"Accept": "application/json"}
        known = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        auth: httpx.Auth | None = None
        if self._secret and "client_secret_basic" in known:
            # RFC 6749, 2.3.1: both are written as in a form first.
            auth = httpx.BasicAuth(quote(self._client_id, safe=""), quote(self._secret, safe=""))
        else:
            form["client_id"] = self._client_id
            if self._secret:
                form["client_secret"] = self._secret
        place = self._endpoint(metadata, "token_endpoint")
        status, tokens = await ask(self.name, http, "POST", place, data=form, headers=headers, auth=auth)
        if tokens.get("error") == "invalid_grant":
            raise spent(self.name, "token: invalid_grant")
        if status >= _SERVER_ERROR:
            raise silent(self.name, f"token: status {status}")
        if status != _OK or not isinstance(tokens.get("id_token"), str):
            raise nonsense(self.name, f"token: status {status}, error {str(tokens.get('error'))[:40]!r}")
        return tokens

    async def _proven(
        self,
        http: httpx.AsyncClient,
        metadata: Mapping[str, Any],
        tokens: Mapping[str, Any],
        visit: Visit,
        wall: datetime,
    ) -> dict[str, Any]:
        """OpenID Connect Core 1.0, 3.1.3.7: signature, issuer, audience, expiry, nonce."""
        status, found = await ask(self.name, http, "GET", self._endpoint(metadata, "jwks_uri"))
        if status != _OK:
            raise silent(self.name, f"keys: status {status}")
        try:
            return proven_claims(
                tokens["id_token"],
                found,
                Expected(self._issuer, self._client_id, visit.nonce, tokens.get("access_token")),
                algorithms=metadata.get("id_token_signing_alg_values_supported"),
                wall=wall,
            )
        except Unproven as error:
            raise unproven(self.name, f"ID token: {error}") from error

    async def _more(
        self,
        http: httpx.AsyncClient,
        metadata: Mapping[str, Any],
        tokens: Mapping[str, Any],
        claims: Mapping[str, Any],
    ) -> dict[str, Any]:
        """What the ID token leaves out many providers tell at another address (OpenID Connect Core 1.0, 5.3)."""
        if self._match in claims or "userinfo_endpoint" not in metadata or not tokens.get("access_token"):
            return {}
        place = self._endpoint(metadata, "userinfo_endpoint")
        headers = {"Authorization": f"Bearer {tokens['access_token']}", "Accept": "application/json"}
        status, told = await ask(self.name, http, "GET", place, headers=headers)
        if status != _OK:
            raise nonsense(self.name, f"userinfo: status {status}")
        if told.get("sub") != claims["sub"]:
            raise unproven(self.name, "userinfo: another subject")
        # That two factors were asked for counts from the signed token alone.
        return {name: value for name, value in told.items() if name not in {"amr", "acr"}}
