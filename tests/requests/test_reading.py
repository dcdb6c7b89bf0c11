"""Reading changes nothing: every GET of everybody who may read much, and the same again with HEAD."""

import pytest

from app.db import Database
from tests.permissions.conftest import Stage
from tests.permissions.world import browser_of, doors_of
from tests.requests.asking import ask
from tests.requests.rows import all_rows, changed

# Coming back from an identity provider uses up what was written when one left: OpenID Connect wants a GET.
CHANGES = {"/sign-in/provider/return"}


@pytest.mark.parametrize("login", ["秘书处", "甲局联络员", "审计员"])
def test_no_get_changes_a_row(stage: Stage, login: str) -> None:
    database: Database = stage.app.state.database
    before = all_rows(database)
    read = 0
    with browser_of(stage.app, login) as browser:
        for door in doors_of(stage.app):
            if door.method == "GET" and door.path not in CHANGES:
                answer = browser.send("GET", door.address(stage.world.own))
                assert answer.status_code < 500, door
                read += answer.status_code == 200
    assert changed(before, all_rows(database)) == []
    assert read > 12


def test_nothing_that_changes_something_has_a_get_of_the_same_name_that_does_it(stage: Stage) -> None:
    """Mail scanners and browsers that look ahead follow addresses."""
    database: Database = stage.app.state.database
    before = all_rows(database)
    with browser_of(stage.app, "秘书处") as browser:
        for door in doors_of(stage.app):
            if door.method != "GET" and not door.is_api and door.path != "/sign-out":
                for method in ("GET", "HEAD"):
                    ask(browser, method, door.address(stage.world.own), params={"csrf": "x", "text": "x"})
    assert changed(before, all_rows(database)) == []


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND", "DELETE", "PUT", "PATCH", "BREW"])
def test_methods_that_no_page_has_are_refused(stage: Stage, method: str) -> None:
    database: Database = stage.app.state.database
    before = all_rows(database)
    with browser_of(stage.app, "秘书处") as browser:
        for path in ("/plans", "/health", "/sign-in", "/static/css/duban.css", "/obligations/1"):
            answer = ask(browser, method, path, headers={"X-HTTP-Method-Override": "POST"})
            assert answer.status_code == 405, (method, path)
            assert "duban_session" not in answer.text
    assert changed(before, all_rows(database)) == []
