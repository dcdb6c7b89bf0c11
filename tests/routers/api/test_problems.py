"""Every error is a problem (RFC 9457), whatever is sent."""

from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from sqlmodel import Session
from starlette.testclient import TestClient

from app.db import Database
from app.routers.api.asking import get_reading_session
from app.routers.api.problem import Problem
from tests.routers.api.conftest import Program, issue_token

Begin = Callable[..., Program]


def test_an_address_that_is_none(program: Begin, app: FastAPI) -> None:
    """Also without a token: there is nothing to hide behind an address that does not exist."""
    for path in ("/nothing", "/plans/", "/obligations/1/", "//", "/me/x", "/a%0Ab", "/plans/a%0Ab/c"):
        answer = program().get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path
        assert Problem.model_validate(answer.json()).code == "not_found"
    assert program().get("/api/v2/plans").headers["content-type"] == "application/problem+json"


def test_a_method_that_is_none_says_which_there_are(program: Begin) -> None:
    reader = program("秘书处")
    for path, allowed in (
        ("/plans", "GET, HEAD"),
        ("/obligations/1/updates", "GET, HEAD, POST"),
        ("/uploads", "POST"),
        ("/openapi.json", "GET, HEAD"),
    ):
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"):
            answer = reader.send(method, path)
            assert (answer.status_code, answer.headers["allow"]) == (405, allowed), (method, path)
            assert answer.json()["code"] == "method_not_allowed"
    assert reader.send("HEAD", "/uploads").status_code == 405


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("*/*", 200),
        ("application/*;q=0.1", 200),
        ("text/html, application/json;q=0.5", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("application/json;q=0, */*", 406),
        ("application/json;q=x", 406),
        ("application/xml,text/*", 406),
        ("application/problem+json", 406),
        (";;;,,,", 406),
        ("", 200),
    ],
)
def test_what_is_accepted(program: Begin, accept: str, status: int) -> None:
    answer = program("领导").get("/plans", headers={"Accept": accept})
    assert answer.status_code == status
    if status == 406:
        assert (answer.json()["code"], answer.headers["content-type"]) == ("not_acceptable", "application/problem+json")


@pytest.mark.parametrize(
    ("question", "fields"),
    [
        ("plann=test-plan", ["plann"]),
        ("PLAN=test-plan", ["PLAN"]),
        ("plan=test-plan&plan=other", ["plan"]),
        ("a=1&b=2&limit=1", ["a", "b"]),
        ("limit=0", ["limit"]),
        ("limit=201", ["limit"]),
        ("limit=" + "9" * 5000, ["limit"]),
        ("limit=1.5", ["limit"]),
        ("limit=", ["limit"]),
        ("limit=%D9%A3%D9%A3x", ["limit"]),
        ("cursor=x", ["cursor"]),
        ("cursor=" + "A" * 17, ["cursor"]),
        ("cursor=AAAAAAAAAAAAAAA%0A", ["cursor"]),
        ("state=offen&light=red", ["state", "light"]),
        ("due_from=2024-13-01&due_to=1732492800", ["due_from", "due_to"]),
        ("due_from=2024-11-25T00:00:00", ["due_from"]),
        ("due_from=20241125", ["due_from"]),
        ("overdue=maybe", ["overdue"]),
        ("department=0&department=1", ["department"]),
        ("department=9223372036854775808", ["department"]),
        ("plan=%00", ["plan"]),
        ("plan=Test-Plan%0A", ["plan"]),
        ("plan=%FF%FE", ["plan"]),
        ("%00=%00", ["\x00"]),
    ],
)
def test_a_question_that_is_none_is_told_at_its_parameter(program: Begin, question: str, fields: list[str]) -> None:
    answer = program("甲局联络员").get(f"/obligations?{question}")
    assert answer.status_code == 422
    problem = Problem.model_validate(answer.json())
    assert [fault.field for fault in problem.errors] == fields
    assert {fault.place.value for fault in problem.errors} == {"query"}
    assert all(fault.message.endswith("。") for fault in problem.errors)


@pytest.mark.parametrize(
    "path",
    [
        *("/plans/%00", "/plans/..%2F..", "/plans/TEST", "/plans/a", f"/plans/{'x' * 5000}", "/plans/test-plan%0A"),
        *("/plans/test-plan/tasks/%00", f"/plans/test-plan/tasks/{'1' * 21}", "/plans/test-plan/tasks/%FF"),
        *("/plans/test-plan/indicators/%00", f"/plans/test-plan/tasks/{quote(chr(39))}%20OR%201=1"),
        *("/obligations/0", "/obligations/-1", "/obligations/1e3", "/obligations/x", f"/obligations/{2**63}"),
        *(f"/obligations/{2**63 - 1}", "/obligations/%00", "/evidence/..%2Fetc%2Fpasswd", "/overdue-lists/0"),
        *("/obligations/1/updates/0", f"/departments/{2**63 - 1}", "/departments/%F0%9F%98%80"),
    ],
)
def test_nothing_in_an_address_is_an_error_of_ours(program: Begin, path: str) -> None:
    answer = program("秘书处").get(path)
    assert answer.status_code in {404, 422}
    Problem.model_validate(answer.json())


def test_an_area_with_control_characters_is_refused(program: Begin) -> None:
    for area in ("%00", "%1F", "1%00"):
        assert program("领导").get(f"/plans/test-plan/tasks?area={area}").status_code == 422
    assert program("领导").items("/plans/test-plan/tasks?area=%27%3B--") == []


def test_a_fault_of_ours_says_nothing_of_itself(app: FastAPI, database: Database) -> None:
    api = next(route.app for route in app.routes if getattr(route, "name", "") == "api")._app  # type: ignore[attr-defined]
    token = issue_token(database, "领导")

    def broken() -> Iterator[Session]:
        raise RuntimeError("SELECT secret FROM account")

    api.dependency_overrides[get_reading_session] = broken
    try:
        with TestClient(app, raise_server_exceptions=False) as http:
            answer = http.get("/api/v1/plans", headers={"Authorization": f"Bearer {token}"})
    finally:
        api.dependency_overrides.clear()
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.json()["code"] == "failed"
    assert "secret" not in answer.text


def test_problems_are_chinese_as_they_are_and_not_kept(program: Begin) -> None:
    answer = program().get("/plans")
    assert "需要令牌".encode() in answer.content
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"type", "title", "status", "detail", "code", "errors"}
