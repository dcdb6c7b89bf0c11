"""Headers, cookies, the name we are called by and the address a sender has."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from starlette.testclient import TestClient

from app.clock import HeldClock
from app.db import Database
from app.main import create_app
from app.routers.security_headers import ALWAYS, DATA, FILE, PAGE
from app.settings import Settings
from tests.conftest import PASSWORD, SHANGHAI, TODAY, Person
from tests.permissions.conftest import Stage
from tests.permissions.world import browser_of
from tests.requests.asking import ask

SECURE = {"base_url": "https://duban.example.gov.cn", "secure_cookies": True}


@pytest.mark.parametrize(
    ("path", "status", "policy"),
    [
        ("/plans", 200, PAGE),
        ("/nothing", 404, PAGE),
        ("/desk/weekly", 405, PAGE),
        ("/obligations/abc", 422, PAGE),
        ("/static/css/duban.css", 200, DATA),
        ("/static/nothing.js", 404, PAGE),
        ("/health", 200, DATA),
        ("/overdue.xlsx", 200, FILE),
        ("/evidence/1", 200, FILE),
        ("/api/v1/plans", 200, DATA),
        ("/api/v1/openapi.json", 200, DATA),
        ("/api/v1/nothing", 404, DATA),
        ("/public/test-plan", 200, PAGE),
    ],
)
def test_every_kind_of_answer_carries_them(stage: Stage, path: str, status: int, policy: str) -> None:
    with browser_of(stage.app, "秘书处") as browser:
        answer = browser.send("GET", path)
    assert answer.status_code == status
    assert answer.headers["content-security-policy"] == policy
    for name in ALWAYS:
        assert answer.headers.get_list(name), name
        assert len(answer.headers.get_list(name)) == 1, name
    assert "strict-transport-security" not in answer.headers
    assert "server" not in answer.headers
    if not path.startswith(("/static/", "/api/", "/public/")):
        assert answer.headers["cache-control"] == "no-store"


def test_the_page_of_an_accident_carries_them_too(stage: Stage) -> None:
    database = stage.app.state.database
    stage.app.state.database = None
    try:
        with browser_of(stage.app, "秘书处") as browser:
            answer = browser.send("GET", "/plans")
    finally:
        stage.app.state.database = database
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert answer.headers["content-security-policy"] == PAGE
    assert answer.headers["cache-control"] == "no-store"
    assert {name.lower() for name in ALWAYS} <= set(answer.headers)


def test_browsers_are_asked_for_https_by_a_setting(stage: Stage) -> None:
    stage.set(hsts_days=365)
    with browser_of(stage.app, "") as browser:
        for path in ("/sign-in", "/static/css/duban.css", "/nothing"):
            assert browser.send("GET", path).headers["strict-transport-security"] == "max-age=31536000"


def test_the_page_of_a_link_does_not_tell_its_address(stage: Stage) -> None:
    with browser_of(stage.app, "") as browser:
        answer = browser.send("GET", f"/sign-in/link/{stage.world.own['token']}")
    assert answer.status_code == 200
    assert answer.headers["referrer-policy"] in {"no-referrer", "strict-origin", "origin"}
    assert answer.headers["cache-control"] == "no-store"


# Cookies


def made_with(stage: Stage, **changed: object) -> FastAPI:
    settings = Settings(var_dir=stage.app.state.settings.var_dir, today=TODAY).model_copy(update=changed)
    return create_app(settings, HeldClock(TODAY, SHANGHAI), stage.app.state.database)


def enter(http: TestClient) -> list[str]:
    answer = http.post("/sign-in", data={"login": "秘书处", "password": PASSWORD})
    assert answer.status_code == 303, answer.text
    return answer.headers.get_list("set-cookie")


def test_under_https_every_cookie_is_of_this_very_host(stage: Stage) -> None:
    stage.set(**SECURE)
    http = TestClient(stage.app, follow_redirects=False, base_url="https://duban.example.gov.cn")
    cookies = enter(http) + http.post("/language", data={"language": "en", "next": "/"}).headers.get_list("set-cookie")
    assert len(cookies) >= 2
    for cookie in cookies:
        assert cookie.startswith("__Host-duban_"), cookie
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
        assert "domain=" not in cookie.lower()
    assert http.get("/desk").status_code == 200
    # Planted by a neighbour, or left from the time before https: it counts for nothing.
    session = http.cookies["__Host-duban_session"]
    http.cookies.clear()
    assert http.get("/desk", headers={"Cookie": f"duban_session={session}"}).status_code == 303
    assert http.get("/desk", headers={"Cookie": f"__Host-duban_session={session}"}).status_code == 200


def test_without_https_the_names_are_plain_and_signing_out_takes_both(stage: Stage) -> None:
    http = TestClient(stage.app, follow_redirects=False)
    assert all(cookie.startswith("duban_") and "httponly" in cookie.lower() for cookie in enter(http))
    stage.set(**SECURE)
    secure = TestClient(stage.app, follow_redirects=False, base_url="https://duban.example.gov.cn")
    enter(secure)
    page = secure.get("/desk").text
    csrf = page.split('name="csrf" value="', 1)[1].split('"', 1)[0]
    dropped = secure.post("/sign-out", data={"csrf": csrf}).headers.get_list("set-cookie")
    assert {cookie.partition("=")[0] for cookie in dropped} >= {"duban_session", "__Host-duban_session"}


def test_only_one_place_sets_cookies() -> None:
    from pathlib import Path

    import app

    folder = Path(app.__file__).parent
    found = [path.name for path in folder.rglob("*.py") if ".set_cookie(" in path.read_text("utf-8")]
    assert found == ["cookies.py"]


# The name we are called by


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("duban.example.gov.cn", 200),
        ("DUBAN.example.gov.cn:443", 200),
        ("duban.intra.example", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("duban", 200),
        ("evil.example", 421),
        ("duban.example.gov.cn.evil.example", 421),
        ("duban.example.gov.cn@evil.example", 421),
        ("[", 421),
    ],
)
def test_a_strangers_name_is_not_ours(stage: Stage, host: str, status: int) -> None:
    stage.set(**SECURE, allowed_hosts="duban.intra.example")
    http = TestClient(stage.app, follow_redirects=False)
    answer = http.get("/sign-in", headers={"Host": host})
    assert answer.status_code == status
    assert answer.headers["content-security-policy"]
    assert "evil" not in answer.text


def test_no_answer_repeats_the_name_it_was_asked_under(stage: Stage) -> None:
    """Where nobody has said our name: no address that we write begins with what a sender says."""
    with browser_of(stage.app, "秘书处") as browser:
        for path in ("/", "/plans/", "/desk", "/sign-in", "/nothing", "/static/css"):
            answer = ask(browser, "GET", path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
            assert "evil.example" not in answer.text + str(answer.headers), path


# The address a sender has


def recorded(app: FastAPI, *, peer: str, said: str | None, database: Database) -> str:
    http = TestClient(app, follow_redirects=False, client=(peer, 1234))
    headers = {} if said is None else {"X-Forwarded-For": said}
    # Each time somebody else: after some guesses the brake would not even ask.
    http.post("/sign-in", data={"login": f"nobody {said}", "password": "wrong"}, headers=headers)
    with database.reading() as session:
        asked = text("SELECT address FROM audit_entry WHERE action = 'sign_in' ORDER BY id DESC LIMIT 1")
        return str(session.execute(asked).scalar_one())


def test_only_a_trusted_proxy_says_where_somebody_is(stage: Stage) -> None:
    app = made_with(stage, trusted_proxies="10.0.0.0/8,127.0.0.1")
    database: Database = stage.app.state.database
    asked: list[tuple[str, str | None, str]] = [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.1.2.3", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("10.1.2.3", "6.6.6.6, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
        ("10.1.2.3", None, "10.1.2.3"),
        ("10.1.2.3", "x" * 500, "10.1.2.3"),
        ("10.1.2.3", "<script>", "10.1.2.3"),
        ("10.1.2.3", "2001:db8::7", "2001:db8::7"),
    ]
    for peer, said, wanted in asked:
        assert recorded(app, peer=peer, said=said, database=database) == wanted, (peer, said)


def test_nobody_is_trusted_where_the_setting_is_empty_of_networks(stage: Stage) -> None:
    app = made_with(stage, trusted_proxies="192.0.2.1")
    assert recorded(app, peer="127.0.0.1", said="198.51.100.1", database=stage.app.state.database) == "127.0.0.1"


# Names of files


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_downloads_name_is_chinese_and_breaks_no_header(sign_in: Callable[[str], Person], database: Database) -> None:
    with database.writing() as session:
        session.execute(text("UPDATE plan SET title = 'a\"\r\nSet-Cookie: x=1; 计划'"))
        session.execute(text("UPDATE region SET name = '测\"\r\n试区'"))
    secretary = sign_in("秘书处")
    for path in ("/overdue.xlsx", "/plans/test-plan/responsibilities.xlsx"):
        answer = secretary.get(path)
        assert answer.status_code == 200, path
        given = answer.headers["content-disposition"]
        assert "set-cookie" not in answer.headers
        assert given.isascii()
        assert "\r" not in given
        assert given.count('"') == 2
        assert "filename*=UTF-8''" in given
