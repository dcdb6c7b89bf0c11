"""Two identity providers that run: npm's certified one, and a crooked one that says what a test wants."""

import json
import os
import re
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.testclient import TestClient

from app.clock import HeldClock
from app.settings import Settings
from tests.conftest import SHANGHAI, TODAY
from tests.phone import STILL, StillWall
from tools.node import find_node

CLIENT_ID, CLIENT_SECRET = "duban:office", "s3cret/+ %"
SITE = "http://duban.example"
RETURN = f"{SITE}/sign-in/provider/return"
# Subjects of the real provider. The cast has account4@example.org for 甲局联络员, and so on.
PEOPLE: dict[str, dict[str, Any]] = {
    "liaison": {"email": "Account4@example.org", "email_verified": True, "preferred_username": "甲局联络员"},
    "successor": {"email": "account4@example.org", "email_verified": True, "preferred_username": "甲局联络员"},
    "unverified": {"email": "account5@example.org", "email_verified": False},
    "two-factors": {"email": "account6@example.org", "email_verified": True, "amr": ["pwd", "otp", "mfa"]},
    "stranger": {"email": "nobody@example.org", "email_verified": True, "preferred_username": "谁也不是"},
    "nameless": {},
}


@dataclass(frozen=True)
class RealProvider:
    issuer: str

    def sign_in(self, address: str, subject: str) -> str:
        """What a browser does that is sent to `address`; where it is sent back to in the end."""
        with httpx.Client() as browser:
            answer = browser.get(address)
            for _step in range(6):
                if answer.status_code == 200:
                    answer = browser.post(answer.url, data={"subject": subject})
                    continue
                target = str(answer.url.join(answer.headers["location"]))
                if target.startswith(SITE):
                    return target
                answer = browser.get(target)
        raise AssertionError(answer.text)


@pytest.fixture(scope="session")
def real_provider() -> Iterator[RealProvider]:
    node = find_node()
    if node is None:
        pytest.skip("there is no Node that is new enough, and none could be installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "redirect_uris": [RETURN]}
    script = Path(__file__).with_name("provider.mjs")
    running = subprocess.Popen(
        [node, script, str(port), json.dumps(client), json.dumps(PEOPLE)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "ready\n"
    yield RealProvider(f"http://127.0.0.1:{port}")
    running.terminate()
    running.wait()
    running.stdout.close()


Answer = tuple[int, bytes, dict[str, str]]


@dataclass
class CrookedProvider:
    """Honest until told otherwise. `answers`: path to what it answers instead; `claims`: what stands in its token."""

    issuer: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    metadata: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    sign: Callable[[dict[str, Any]], str] | None = None
    token: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    meanwhile: Callable[[str], None] | None = None
    nonce: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def honest(self) -> None:
        self.metadata, self.claims, self.token, self.userinfo, self.answers = {}, {}, {}, {}, {}
        self.sign = self.meanwhile = None
        self.asked.clear()

    def answer(self, path: str, form: dict[str, str], headers: dict[str, str]) -> Answer:
        self.asked.append((path, form | {"authorization": headers.get("Authorization", "")}))
        if self.meanwhile is not None:
            self.meanwhile(path)
        if path in self.answers:
            return self.answers[path]
        return 200, json.dumps(getattr(self, "_" + path.rpartition("/")[2].replace("-", "_"))()).encode(), {}

    def _openid_configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize?tenant=1",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
        } | self.metadata

    def _jwks(self) -> dict[str, Any]:
        strange = [{"kty": "new"}, "nonsense", {"kty": "RSA", "n": "!"}]
        return {"keys": [*strange, self.key.as_dict(private=False)]}

    def _token(self) -> dict[str, Any]:
        now = int(STILL.timestamp())
        claims = {
            "iss": self.issuer,
            "sub": "u-1",
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "email": "account4@example.org",
            "email_verified": True,
        } | self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        signed = self.sign(claims) if self.sign else self.signed(claims)
        return {"access_token": "at", "token_type": "Bearer", "id_token": signed} | self.token

    def _userinfo(self) -> dict[str, Any]:
        return {"sub": "u-1"} | self.userinfo

    def signed(self, claims: dict[str, Any], key: Any = None, alg: str = "RS256", kid: str = "one") -> str:
        return jwt.encode({"alg": alg, "kid": kid}, claims, key or self.key, algorithms=[alg])


@pytest.fixture(scope="session")
def _crooked() -> Iterator[CrookedProvider]:
    provider = CrookedProvider()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            form = {name: texts[0] for name, texts in parse_qs(self.rfile.read(length).decode()).items()}
            status, body, headers = provider.answer(urlsplit(self.path).path, form, dict(self.headers))
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):  # whoever asked has heard enough
                self.wfile.write(body)

        do_GET = do_POST = _serve  # noqa: N815 (the library's names)

        def log_message(self, *_said: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield provider
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def crooked(_crooked: CrookedProvider) -> CrookedProvider:
    _crooked.honest()
    return _crooked


@pytest.fixture
def clock() -> HeldClock:
    return StillWall(TODAY, SHANGHAI)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var_dir=tmp_path / "var", today=TODAY, base_url=SITE)


class Office:
    """Browsers of people who come by a provider."""

    def __init__(self, app: FastAPI, issuer: str, **knobs: Any) -> None:
        settings: Settings = app.state.settings
        given = {"oidc_issuer": issuer, "oidc_client_id": CLIENT_ID, "oidc_client_secret": CLIENT_SECRET, **knobs}
        app.state.settings = Settings(**(settings.model_dump() | given))
        self.app = app
        self.issuer = issuer

    def browser(self) -> TestClient:
        return TestClient(self.app, base_url=SITE, follow_redirects=False)

    def leave(self, browser: TestClient, target: str = "/") -> str:
        """Presses the button; the address that the browser is sent to."""
        answer = browser.post("/sign-in/provider", data={"next": target})
        assert answer.status_code == 200, answer.text
        link = re.search(r'<a href="([^"]+)">前往', answer.text)
        refresh = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', answer.text)
        assert link is not None
        assert refresh is not None
        assert link[1] == refresh[1]
        return unescape(link[1])

    def come_back(self, browser: TestClient, address: str) -> httpx.Response:
        parts = urlsplit(address)
        answer: httpx.Response = browser.get(f"{parts.path}?{parts.query}")
        return answer


@pytest.fixture
def at_real(app: FastAPI, real_provider: RealProvider) -> Callable[..., Office]:
    """at_real(oidc_match="preferred_username") is an office with the real provider; its clock is the real one."""
    app.state.clock = HeldClock(TODAY, SHANGHAI)
    return lambda **knobs: Office(app, real_provider.issuer, **knobs)


@pytest.fixture
def at_crooked(app: FastAPI, crooked: CrookedProvider) -> Callable[..., Office]:
    return lambda **knobs: Office(app, crooked.issuer, **knobs)


os.environ.setdefault("NO_PROXY", "127.0.0.1")
