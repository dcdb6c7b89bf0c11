"""A provider that lies, stumbles or is somebody else: a sentence each time, never a session, never an error of ours."""

import gzip
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import OctKey, RSAKey
from sqlalchemy import text
from sqlmodel import select
from starlette.testclient import TestClient

from app.db import Database
from app.domain.second_factor import proves_two_factors
from app.identity_provider import conversation
from app.models import AccountSession, AuditEntry, ProviderVisit
from tests.oidc.conftest import CLIENT_ID, CLIENT_SECRET, CrookedProvider, Office
from tests.phone import STILL

At = Callable[..., Office]
NOW = int(STILL.timestamp())


def come(office: Office, crooked: CrookedProvider, **brought: str | None) -> httpx.Response:
    """There and back; `brought` stands in the address besides what an honest provider writes there."""
    browser = office.browser()
    asked = {name: texts[0] for name, texts in parse_qs(urlsplit(office.leave(browser)).query).items()}
    crooked.nonce = asked["nonce"]
    said = {"code": "c-1", "state": asked["state"]} | brought
    parameters = {name: value for name, value in said.items() if value is not None}
    answer: httpx.Response = browser.get("/sign-in/provider/return", params=parameters)
    return answer


def count(database: Database, table: type) -> int:
    with database.reading() as session:
        return len(session.exec(select(table)).all())


def test_an_honest_answer_leads_in_and_is_asked_for_as_it_should_be(
    at_crooked: At, crooked: CrookedProvider, database: Database
) -> None:
    office = at_crooked()
    address = office.leave(office.browser(), "/plans")
    asked = {name: texts[0] for name, texts in parse_qs(urlsplit(address).query).items()}
    assert asked["tenant"] == "1"
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "http://duban.example/sign-in/provider/return"
    assert CLIENT_SECRET not in address
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    assert come(office, crooked).status_code == 303
    form = next(form for path, form in crooked.asked if path == "/token")
    assert len(form["code_verifier"]) >= 43
    assert form["authorization"].startswith("Basic ")
    assert "client_secret" not in form
    assert httpx.BasicAuth("duban%3Aoffice", "s3cret%2F%2B%20%25")._auth_header == form["authorization"]


def test_the_secret_goes_the_way_that_the_provider_knows(at_crooked: At, crooked: CrookedProvider) -> None:
    crooked.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert come(at_crooked(), crooked).status_code == 303
    form = next(form for path, form in crooked.asked if path == "/token")
    assert (form["client_id"], form["client_secret"], form["authorization"]) == (CLIENT_ID, CLIENT_SECRET, "")


OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one"})
FORGED: dict[str, dict[str, Any]] = {
    "another issuer": {"claims": {"iss": "https://evil.example"}},
    "no issuer": {"claims": {"iss": None}},
    "for somebody else": {"claims": {"aud": "another client"}},
    "for several, made out to another": {"claims": {"aud": [CLIENT_ID, "other"], "azp": "other"}},
    "for several, made out to nobody": {"claims": {"aud": [CLIENT_ID, "other"]}},
    "expired": {"claims": {"iat": NOW - 900, "exp": NOW - 300}},
    "without an end": {"claims": {"exp": None}},
    "an end that is no time": {"claims": {"exp": "tomorrow"}},
    "not yet good": {"claims": {"nbf": NOW + 900}},
    "of another visit": {"claims": {"nonce": "of another visit"}},
    "without a nonce": {"claims": {"nonce": None}},
    "without a subject": {"claims": {"sub": None}},
    "an empty subject": {"claims": {"sub": ""}},
    "a subject with a line break": {"claims": {"sub": "u\nadmin"}},
    "an endless subject": {"claims": {"sub": "u" * 5000}},
    "a subject that is a number": {"claims": {"sub": 7}},
    "of another access token": {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}},
    "signed by another key": {"key": OTHER_KEY},
    "signed by a key that is not published": {"kid": "two"},
    "signed with the secret that both know": {"key": OctKey.import_key(CLIENT_SECRET.ljust(32)), "alg": "HS256"},
    "not signed": {"raw": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1LTEifQ."},
    "no token at all": {"raw": "not.a.token"},
    "nothing": {"raw": ""},
}


def test_forged_expired_and_foreign_tokens_are_refused(
    at_crooked: At, crooked: CrookedProvider, database: Database
) -> None:
    office = at_crooked()
    taken = []
    for name, forged in FORGED.items():
        crooked.honest()
        crooked.claims = forged.get("claims", {})
        crooked.metadata = {"id_token_signing_alg_values_supported": ["RS256", "HS256", "none"]}
        how = {word: forged[word] for word in ("key", "alg", "kid") if word in forged}
        if how:
            crooked.sign = lambda claims, how=how: crooked.signed(claims, **how)  # type: ignore[misc]
        if "raw" in forged:
            crooked.token = {"id_token": forged["raw"]}
        answer = come(office, crooked)
        if answer.status_code != 403 or "没有通过核验" not in answer.text:
            taken.append((name, answer.status_code))
    assert taken == []
    assert count(database, AccountSession) == 0
    with database.reading() as session:
        told = [(row.action.value, row.outcome.value) for row in session.exec(select(AuditEntry))]
    assert told == [("sign_in", "refused")] * len(FORGED)


DISCOVERY, KEYS, TOKEN, USER = "/.well-known/openid-configuration", "/jwks", "/token", "/userinfo"
HUGE = b"[" + b" " * (conversation.LARGEST + 1) + b"]"
STUMBLES: dict[str, tuple[str, tuple[int, bytes, dict[str, str]], int]] = {
    "discovery down": (DISCOVERY, (503, b"{}", {}), 504),
    "discovery is a page": (DISCOVERY, (200, b"<html>", {}), 502),
    "discovery is a list": (DISCOVERY, (200, b"[]", {}), 502),
    "discovery is of another": (DISCOVERY, (200, b'{"issuer": "https://evil.example"}', {}), 502),
    "discovery names no places": (DISCOVERY, (200, b'{"issuer": "ISSUER"}', {}), 502),
    "discovery leads elsewhere": (DISCOVERY, (302, b"{}", {"Location": "http://169.254.169.254/"}), 502),
    "discovery without end": (DISCOVERY, (200, HUGE, {}), 502),
    "discovery packed": (DISCOVERY, (200, gzip.compress(b"{}"), {"Content-Encoding": "gzip"}), 502),
    "discovery nested": (DISCOVERY, (200, b"[" * 100_000, {}), 502),
    "no keys": (KEYS, (500, b"{}", {}), 504),
    "keys of no shape": (KEYS, (200, b'{"keys": 7}', {}), 403),
    "token down": (TOKEN, (500, b"{}", {}), 504),
    "token without an ID token": (TOKEN, (200, b'{"access_token": "x"}', {}), 502),
    "token of a wrong shape": (TOKEN, (200, b'{"access_token": "x", "id_token": {}}', {}), 502),
    "token in no letters": (TOKEN, (200, b"\xff\xfe\x00", {}), 502),
    "code used up": (TOKEN, (400, b'{"error": "invalid_grant"}', {}), 403),
    "we are unknown": (TOKEN, (401, b'{"error": "invalid_client"}', {}), 502),
    "user of another": (
        USER,
        (200, b'{"sub": "u-2", "email": "account1@example.org", "email_verified": true}', {}),
        403,
    ),
    "user refused": (USER, (401, b"{}", {}), 502),
}


def test_what_answers_nonsense_is_said_to(at_crooked: At, crooked: CrookedProvider, database: Database) -> None:
    office = at_crooked()
    wrong = []
    for name, (path, (status, body, headers), expected) in STUMBLES.items():
        crooked.honest()
        if path == USER:
            crooked.claims = {"email": None}
        answer_instead = (status, body.replace(b"ISSUER", crooked.issuer.encode()), headers)
        if path == DISCOVERY:
            crooked.answers = {path: answer_instead}
            answer = office.browser().post("/sign-in/provider")
        else:
            crooked.answers = {path: answer_instead}
            answer = come(office, crooked)
        if (
            answer.status_code != expected
            or "登录未完成" not in answer.text
            or "重新用统一身份认证登录" not in answer.text
        ):
            wrong.append((name, answer.status_code))
    assert wrong == []
    assert count(database, AccountSession) == 0
    assert count(database, AuditEntry) == len(STUMBLES)


def test_places_that_are_not_safe_are_not_gone_to(at_crooked: At, crooked: CrookedProvider) -> None:
    for place in ("ftp://idp.example/a", "javascript:alert(1)", "/authorize", "http://", 7, None, "http://a\nb/"):
        crooked.metadata = {"authorization_endpoint": place}
        assert at_crooked().browser().post("/sign-in/provider").status_code == 502, place


def test_a_provider_that_is_down_or_slow_is_waited_for_a_little(
    at_crooked: At, crooked: CrookedProvider, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    monkeypatch.setattr(conversation, "SECONDS", 0.3)
    office = at_crooked()
    crooked.meanwhile = lambda path: time.sleep(0.8) if path == TOKEN else None
    began = time.monotonic()
    answer = come(office, crooked)
    assert (answer.status_code, "统一身份认证没有应答" in answer.text) == (504, True)
    assert time.monotonic() - began < 0.8
    down = at_crooked(oidc_issuer="http://127.0.0.1:9", oidc_name="市统一认证").browser().post("/sign-in/provider")
    assert (down.status_code, "市统一认证没有应答" in down.text) == (504, True)
    assert count(database, AuditEntry) == 2


def test_while_the_provider_is_asked_nothing_is_locked(
    at_crooked: At, crooked: CrookedProvider, database: Database
) -> None:
    """Others write meanwhile, and no connection is held."""
    held = []

    def write(_path: str) -> None:
        held.append(database.engine.pool.checkedout())  # type: ignore[attr-defined]
        with database.writing() as session:
            session.execute(text("UPDATE region SET name = name"))

    crooked.claims, crooked.userinfo = {"email": None}, {"email": "account4@example.org", "email_verified": True}
    crooked.meanwhile = write
    assert come(at_crooked(), crooked).status_code == 303
    assert held == [0] * 5  # discovery twice, token, keys, userinfo


def test_what_is_told_beside_the_token_proves_no_second_factor(
    at_crooked: At, crooked: CrookedProvider, database: Database
) -> None:
    crooked.claims = {"email": None}
    crooked.userinfo = {"email": "account4@example.org", "email_verified": True, "amr": ["mfa"]}
    assert come(at_crooked(), crooked).status_code == 303
    with database.reading() as session:
        assert session.exec(select(AccountSession.way)).one() == "provider"


def test_addresses_that_are_only_claimed_find_nobody(at_crooked: At, crooked: CrookedProvider) -> None:
    office = at_crooked()
    for claims in (
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": 1},
        {"email_verified": None},
        {"email": ["account4@example.org"]},
        {"email": "account4@example.org\x00"},
        {"email": ""},
        {"email": "%"},
        {"email": "a" * 10_000},
    ):
        crooked.claims = claims
        assert come(office, crooked).status_code == 403, claims
    office = at_crooked(oidc_match="login_name")
    for login in ("", None, 4, ["秘书处"], "秘书处\x00", "秘书处 ", "' OR 1=1 --", "x" * 10_000):
        crooked.claims = {"login_name": login}
        assert come(office, crooked).status_code == 403, login
    crooked.claims = {"login_name": "秘书处"}
    assert come(office, crooked).status_code == 303


def test_who_comes_back_unexpected_is_turned_away(at_crooked: At, crooked: CrookedProvider, database: Database) -> None:
    office = at_crooked()
    sentence = "不是由本浏览器发起的"
    for brought in (
        {"state": None},
        {"state": ""},
        {"state": "forged"},
        {"state": "状态"},
        {"state": "a\x00b"},
        {"state": "x" * 20_000},
        {"code": "c\x00"},
        {"code": "c" * 5000},
    ):
        answer = come(office, crooked, **brought)
        assert answer.status_code in {403, 404}, brought
        assert answer.status_code == 404 or sentence in answer.text
    alone = office.browser().get("/sign-in/provider/return?code=c&state=s")
    assert (alone.status_code, sentence in alone.text) == (403, True)
    assert not any(path == TOKEN for path, _form in crooked.asked)

    browser = office.browser()
    asked = {name: texts[0] for name, texts in parse_qs(urlsplit(office.leave(browser)).query).items()}
    with database.writing() as session:
        session.execute(text("UPDATE provider_visit SET expires_at = '2024-11-25 01:59:00+00:00'"))
    late = browser.get("/sign-in/provider/return", params={"code": "c", "state": asked["state"]})
    assert (late.status_code, sentence in late.text) == (403, True)
    assert count(database, AccountSession) == 0


def test_errors_and_answers_of_another_provider_are_said(at_crooked: At, crooked: CrookedProvider) -> None:
    office = at_crooked()
    for brought, status, sentence in (
        ({"code": None, "error": "access_denied"}, 403, "您在统一身份认证取消了登录"),
        ({"code": None, "error": "temporarily_unavailable"}, 403, "（temporarily_unavailable）"),
        ({"code": None, "error": "<script>alert(1)</script>"}, 403, "没有完成登录（?）"),
        ({"code": None, "error": "a\r\nSet-Cookie: x=y"}, 403, "没有完成登录（?）"),
        ({"code": None}, 502, "答复不符合规定"),
        ({"iss": "https://evil.example"}, 403, "没有通过核验"),
    ):
        answer = come(office, crooked, **brought)
        assert (answer.status_code, sentence in answer.text) == (status, True), brought
        assert "<script>alert" not in answer.text
    crooked.metadata = {"authorization_response_iss_parameter_supported": True}
    assert come(office, crooked).status_code == 403
    assert come(office, crooked, iss=crooked.issuer).status_code == 303


def test_the_way_there_begins_and_ends_here(at_crooked: At, crooked: CrookedProvider, database: Database) -> None:
    office = at_crooked()
    cross = office.browser().post("/sign-in/provider", headers={"Sec-Fetch-Site": "cross-site"})
    assert cross.status_code == 403
    assert count(database, ProviderVisit) == 0
    assert office.browser().get("/sign-in/provider").status_code == 405
    for target in ("https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example"):
        browser = office.browser()
        asked = {name: texts[0] for name, texts in parse_qs(urlsplit(office.leave(browser, target)).query).items()}
        crooked.nonce = asked["nonce"]
        answer = browser.get("/sign-in/provider/return", params={"code": "c", "state": asked["state"]})
        assert answer.headers["location"] == "/"
    long = office.leave(office.browser(), "/plans?q=" + "x" * 5000)
    assert "authorize" in long


def test_where_the_office_has_no_provider_there_is_no_way_through_one(client: TestClient) -> None:
    assert client.post("/sign-in/provider").status_code == 404
    assert client.get("/sign-in/provider/return?code=c&state=s").status_code == 404
    assert "/sign-in/provider" not in client.get("/sign-in").text


def test_what_was_typed_waits_here_while_the_provider_is_asked(at_crooked: At, app: FastAPI) -> None:
    page = at_crooked().browser().post("/obligations/1/updates", data={"text": "已办三场", "csrf": "old"}).text
    assert 'action="/sign-in/provider" target="_blank"' in page
    assert page.count("已办三场") == 2  # on through a password, or sent from here after the other window


@pytest.mark.parametrize(
    ("claims", "proven"),
    [
        ({"amr": ["pwd", "otp", "mfa"]}, True),
        ({"acr": "https://refeds.org/profile/mfa"}, True),
        ({"amr": ["pwd", "otp"]}, False),
        ({"amr": "mfa"}, False),
        ({"amr": [["mfa"]], "acr": ["https://refeds.org/profile/mfa"]}, False),
        ({"acr": "2"}, False),
        ({}, False),
    ],
)
def test_two_factors_are_proven_by_the_providers_own_word_alone(claims: dict[str, Any], proven: bool) -> None:
    assert proves_two_factors(claims) is proven
