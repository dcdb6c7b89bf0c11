"""What another site makes a browser send changes nothing, at any door (ASVS 5.0 3.5.1-3.5.3)."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.db import Database
from app.routers.form_token import masked
from tests.permissions.conftest import Stage
from tests.permissions.world import CSRF, Browser, Door, browser_of, doors_of
from tests.requests.asking import ask
from tests.requests.rows import all_rows, changed

FOREIGN = {"Origin": "https://evil.example"}
CROSS = {"Sec-Fetch-Site": "cross-site"}
OWN = masked(CSRF)
OTHER = masked("the-token-of-another-session")
TEXTS = {"text": "x", "reason": "x", "name": "x", "login": "甲局联络员", "password": "x", "code": "000000"}

# How a page of another site can have a browser send something, with the cookie but without our token.
WAYS: dict[str, dict[str, Any]] = {
    "a form": {"data": TEXTS, "headers": FOREIGN},
    "a form with a wrong token": {"data": {**TEXTS, "csrf": "AAAA"}, "headers": FOREIGN},
    "a form with somebody else's token": {"data": {**TEXTS, "csrf": OTHER}, "headers": FOREIGN},
    "a form from a neighbour's name": {"data": {**TEXTS, "csrf": OTHER}, "headers": {"Sec-Fetch-Site": "same-site"}},
    "the token in the address": {"data": TEXTS, "params": {"csrf": OWN}, "headers": FOREIGN},
    "text that looks like a form": {
        "content": f"csrf={OWN}&text=x",
        "headers": {**FOREIGN, "Content-Type": "text/plain"},
    },
    "text that looks like JSON": {"content": '{"text":"x"}', "headers": {**FOREIGN, "Content-Type": "text/plain"}},
    "nothing": {"headers": CROSS},
    "htmx's header, were it let through": {"data": TEXTS, "headers": {**CROSS, "HX-Request": "true"}},
    "a sandboxed frame": {"data": TEXTS, "headers": {"Origin": "null"}},
    "an origin that is none": {"data": TEXTS, "headers": {"Origin": "http://["}},
}
PROTECTED = {401, 403}
# Doors that need no session look at the sender alone. All others ask in one place, which few ways try out.
WITHOUT_SESSION = ("/sign-in", "/language")
FEW = (
    "a form",
    "a form with somebody else's token",
    "text that looks like a form",
    "htmx's header, were it let through",
)


def changing(stage: Stage) -> list[Door]:
    return [door for door in doors_of(stage.app) if door.method != "GET" and not door.is_api]


@pytest.mark.parametrize("login", ["秘书处", ""])
def test_no_door_opens_for_another_site(stage: Stage, login: str) -> None:
    database: Database = stage.app.state.database
    before = all_rows(database)
    opened, asked = [], 0
    with browser_of(stage.app, login) as browser:
        for door in changing(stage):
            for way in WAYS if door.path.startswith(WITHOUT_SESSION) else FEW:
                sent = WAYS[way]
                answer = ask(browser, door.method, door.address(stage.world.own), **sent)
                asked += 1
                # 404: where the office has no identity provider there is no such door.
                if answer.status_code not in PROTECTED and not (
                    door.path == "/sign-in/provider" and answer.status_code == 404
                ):
                    opened.append(f"{door.method} {door.path}: {way}: {answer.status_code}")
    assert opened == []
    assert asked > 150
    assert changed(before, all_rows(database)) == []


def test_the_api_takes_nobodys_cookie(stage: Stage) -> None:
    with browser_of(stage.app, "秘书处") as browser:
        doors = [door for door in doors_of(stage.app) if door.is_api and not door.path.endswith("/openapi.json")]
        assert len(doors) > 10
        for door in doors:
            answer = ask(browser, door.method, door.address(stage.world.own), json={})
            assert answer.status_code == 401, door


def test_our_own_pages_are_let_through_behind_a_proxy_that_writes_another_host(stage: Stage) -> None:
    stage.set(base_url="https://duban.example.gov.cn")
    http = TestClient(stage.app, follow_redirects=False, base_url="http://127.0.0.1:8000")
    data = {"language": "en", "next": "/"}
    asks: Callable[..., int] = lambda origin: http.post("/language", data=data, headers={"Origin": origin}).status_code  # noqa: E731
    assert asks("https://duban.example.gov.cn") == 303
    assert asks("https://evil.example") == 403
    assert asks("https://duban.example.gov.cn.evil.example") == 403
    assert asks("https://evil.example/duban.example.gov.cn") == 403


def test_a_token_is_good_for_its_own_session_alone(stage: Stage) -> None:
    with browser_of(stage.app, "秘书处") as browser:
        assert signs_out(browser, OTHER) == 403
        assert signs_out(browser, OWN) == 303
        assert signs_out(browser, OWN) == 401, "and as long as that lives"


def signs_out(browser: Browser, token: str) -> int:
    return ask(browser, "POST", "/sign-out", data={"csrf": token}).status_code
