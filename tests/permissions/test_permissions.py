"""docs/permissions.md against the running application: every route, every role, cell by cell."""

import ast
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.permissions.conftest import Stage
from tests.permissions.table import Table, read_table, rows, section
from tests.permissions.world import FOREIGN, OURS, PEOPLE, Browser, Door, browser_of, doors_of, said

TABLE = read_table("Every route")
APART = read_table("Where duties are separate")
NOTHING = 2**63 - 1
ROOT = Path(__file__).resolve().parents[2]


def test_every_route_stands_in_the_table(stage: Stage) -> None:
    assert sorted(TABLE.cells) == doors_of(stage.app)


# What comes


Nothing = Mapping[tuple[str, bool], set[tuple[int, str]]]


def missing(browser: Browser) -> Nothing:
    """What comes for what does not exist, by method and whether it is the API; also where there is no route at all."""
    places = {False: {"GET": "/departments/{}", "POST": "/review/{}"}}
    places[True] = {"GET": "/api/v1/departments/{}", "POST": "/api/v1/obligations/{}/updates"}
    found = {}
    for api, paths in places.items():
        for method, path in paths.items():
            nowhere = "/api/v1/nothing" if api else "/nothing"
            answers = [
                browser.send(method, place, **(REPORT if api else {})) for place in (path.format(NOTHING), nowhere)
            ]
            found[method, api] = {said(answer) for answer in answers}
    return found


# The API looks at what was sent before it looks for what it is about, so this is right.
REPORT: Mapping[str, Any] = {"data": {"kind": "interim", "text": "已办三场", "percent": 60}}
UPLOAD: Mapping[str, Any] = {"files": {"file": ("台账.csv", "一,二\r\n".encode())}}


def sent(browser: Browser, door: Door, address: str) -> httpx.Response:
    if not door.is_api:
        return browser.send(door.method, address)
    return browser.send(door.method, address, **(UPLOAD if door.path.endswith("/uploads") else REPORT))


def outcome(door: Door, answer: httpx.Response, nothing: Nothing, *, anonymous: bool) -> str:
    """The word of the table; anything that is none of them as it is."""
    status, target = answer.status_code, answer.headers.get("location", "")
    if status == 401 or (status == 303 and target.startswith("/sign-in?next=")):
        return "sign-in"
    if status == 404:
        same = said(answer) in nothing[door.method, door.is_api]
        return "hidden" if same else "404 that differs from what does not exist"
    if status == 403:
        return "scope" if door.is_api and '"scope_missing"' in answer.text else "403"
    if door.method == "GET":
        if anonymous:
            return "public" if status == 200 else str(status)
        return "page" if status == 200 or (status == 303 and target.startswith("/")) else str(status)
    return "done" if status < 500 else str(status)


_LINK = re.compile(r'(?:href|action)="(/[^"?#]*)')


def differing(stage: Stage, person: str, expected: Mapping[Door, str]) -> list[str]:
    """Every route as one person; changes that are refused come before those that are made, signing out last.

    No page says anything of the other region, and none leads where nothing comes.
    """
    found = []
    hidden = {door.path for door in expected if not door.parameters}
    hidden -= {door.path for door, cell in expected.items() if cell != "hidden"}
    with browser_of(stage.app, PEOPLE[person]) as browser:
        nothing = missing(browser)
        for door, cell in sorted(expected.items(), key=order):
            answer = sent(browser, door, door.address(stage.world.own))
            came = outcome(door, answer, nothing, anonymous=person == "anonymous")
            if came != cell and (cell, came) not in {("public", "page"), ("public", "done")}:
                found.append(f"{door.method} {door.path} as {person}: {came} instead of {cell}")
            if PEOPLE[person] in OURS and FOREIGN.encode() in answer.content:
                found.append(f"{door.method} {door.path} as {person} tells of {FOREIGN}")
            dead = (
                hidden & set(_LINK.findall(answer.text))
                if answer.headers.get("content-type", "")[:9] == "text/html"
                else ()
            )
            found += [f"{door.method} {door.path} as {person} leads to {path}" for path in dead]
    return found


# What may end the session, or the link, that the others need.
ENDS = [
    *("/r/{token}/revoke", "/account/report-links/revoke", "/mail/{mail_id}/report-link/revoke"),
    *("/account/sessions/others", "/account/second-factor", "/account/password", "/sign-out"),
]


def order(item: tuple[Door, str]) -> tuple[int, bool, bool, Door]:
    door, cell = item
    return ENDS.index(door.path) + 1 if door.path in ENDS else 0, cell == "done", door.method != "GET", door


@pytest.mark.parametrize("person", [pytest.param(one, id=f"{one}: {len(TABLE.cells)} cells") for one in PEOPLE])
def test_each_cell_of_the_table(stage: Stage, person: str) -> None:
    assert differing(stage, person, TABLE.of(person)) == []


@pytest.mark.parametrize("table", [pytest.param(APART, id=f"{APART.size} cells")])
def test_each_cell_where_duties_are_separate(stage: Stage, table: Table) -> None:
    """Whom the setting concerns at all is decided in app/access/roles.py alone."""
    assert set(table.cells) <= set(TABLE.cells)
    assert [door for door, row in table.cells.items() if row == TABLE.cells[door]] == [], "no row without a difference"
    stage.set(separate_duties=True)
    found = []
    for person in PEOPLE:
        stage.again()
        found += differing(stage, person, table.of(person))
    assert found == []


def one_of_each(table: Table) -> Table:
    """Of every page the first person with each word of its row: who comes to see it decides nothing about the database."""
    found: dict[Door, dict[str, str]] = {}
    for door, row in table.cells.items():
        if door.method == "GET":
            found[door] = {word: person for person, word in reversed(list(row.items()))}
    return Table({door: {person: word for word, person in row.items()} for door, row in found.items()})


READING = one_of_each(TABLE)


@pytest.mark.parametrize("table", [pytest.param(READING, id=f"{READING.size} cells")])
def test_each_page_of_the_table_on_postgresql(postgres_stage: Stage, table: Table) -> None:
    found = [line for person in PEOPLE for line in differing(postgres_stage, person, table.of(person))]
    assert found == []


@pytest.mark.parametrize("person", ["secretariat", "lead"])
def test_what_does_not_exist_looks_like_what_is_hidden(stage: Stage, person: str) -> None:
    """Also to those who may: so that every `hidden` above is what comes for a number that nobody has."""
    own = stage.world.own
    absent = dict.fromkeys(own, NOTHING) | {"code": "nothing", "task_number": "9.9", "number": 99}
    found = []
    with browser_of(stage.app, PEOPLE[person]) as browser:
        nothing = missing(browser)
        for door in (door for door, row in TABLE.cells.items() if row["anonymous"] != "public"):
            for name in {door.known_as(parameter) for parameter in door.parameters} - {"day", "kind"}:
                address = door.address({**own, name: absent[name]})
                if said(sent(browser, door, address)) not in nothing[door.method, door.is_api]:
                    found.append(f"{door.method} {address}")
    assert found == []


# The rules by state and field


@cache
def functions_of(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def named_tests(found: Iterable[list[str]]) -> list[tuple[str, str]]:
    pairs = [cells[-1].strip("`").partition("::") for cells in found]
    return [(file, name) for file, _colons, name in pairs]


def test_each_rule_names_a_test_that_exists() -> None:
    _heading, *found = rows(section("By state and field"))
    absent = [f"{file}::{name}" for file, name in named_tests(found) if name not in functions_of(file)]
    assert (absent, len(found) > 0) == ([], True)
