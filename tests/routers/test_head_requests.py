from collections.abc import Callable

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from app.db import Database
from tests.conftest import Person

SignIn = Callable[[str], Person]


def sessions(database: Database) -> list[tuple[object, ...]]:
    with database.reading() as session:
        return [tuple(row) for row in session.execute(text("SELECT * FROM account_session ORDER BY id"))]


@pytest.mark.parametrize("path", ["/overdue", "/review", "/plans", "/overdue.xlsx", "/health", "/static/css/duban.css"])
def test_head_is_answered_like_get_without_the_body(sign_in: SignIn, path: str) -> None:
    secretary = sign_in("秘书处")
    asked, got = secretary.http.head(path), secretary.get(path)
    assert (asked.status_code, asked.content) == (got.status_code, b"") == (200, b"")
    assert asked.headers["content-type"] == got.headers["content-type"]
    assert asked.headers.get("content-security-policy") == got.headers.get("content-security-policy")


def test_head_of_what_only_takes_post_is_refused(sign_in: SignIn) -> None:
    secretary = sign_in("秘书处")
    for path in ("/sign-out", "/desk/weekly", "/review/several"):
        asked, got = secretary.http.head(path), secretary.get(path)
        assert asked.status_code == got.status_code, path
        assert asked.content == b""
    assert secretary.http.head("/desk/weekly").status_code == 405


def test_head_without_a_session_leads_to_signing_in(client: TestClient) -> None:
    answer = client.head("/desk")
    assert (answer.status_code, answer.headers["location"], answer.content) == (303, "/sign-in?next=/desk", b"")


def test_head_of_what_is_not_there_is_not_found(sign_in: SignIn) -> None:
    assert sign_in("秘书处").http.head("/nothing").status_code == 404


def test_head_leaves_the_session_as_get_does(sign_in: SignIn, database: Database) -> None:
    secretary = sign_in("秘书处")
    before = sessions(database)
    secretary.http.head("/desk")
    assert sessions(database) == before
    secretary.get("/desk")
    assert sessions(database) == before
