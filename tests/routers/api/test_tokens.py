"""What a token opens, and what opens nothing."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlmodel import col, select
from starlette.testclient import TestClient

from app.changes.api_tokens import wants_note_of_use
from app.db import Database
from app.domain.audit import ActResult, AuditAction
from app.models import Account, ApiToken, AuditEntry, Department, SignInFailure
from app.models.account import AccountRole
from app.models.api_token import TokenScope
from app.settings import Settings
from tests.conftest import NOW, PASSWORD, Person
from tests.routers.api.conftest import Program, issue_token

Begin = Callable[..., Program]
SignIn = Callable[[str], Person]


def alter(database: Database, login: str, **columns: object) -> None:
    with database.writing() as session:
        account = session.exec(select(Account).where(Account.login == login)).one()
        for name, value in columns.items():
            setattr(account, name, value)


def entries(database: Database) -> list[AuditEntry]:
    with database.reading() as session:
        found = session.exec(
            select(AuditEntry).where(AuditEntry.action == AuditAction.TOKEN).order_by(col(AuditEntry.id))
        )
        return list(found)


def test_a_token_says_whom_it_stands_for(program: Begin) -> None:
    said = program("甲局联络员", TokenScope.REPORT).get("/me").json()
    assert (said["name"], said["role"], said["region"], said["department"]["name"]) == (
        "甲局联络员",
        "liaison",
        "测试区",
        "甲局",
    )
    assert (said["token"]["scope"], said["token"]["scope_word"]) == ("report", "读取和填报")
    assert said["token"]["created_at"] == "2024-11-24T02:00:00Z"


def test_without_a_token_there_is_nothing(program: Begin, database: Database) -> None:
    answer = program().get("/plans")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_needed")
    assert answer.headers["www-authenticate"] == 'Bearer realm="duban"'
    assert entries(database) == []


def test_what_is_no_token_is_refused_and_told_without_the_token(
    app: FastAPI, database: Database, subtests: pytest.Subtests
) -> None:
    good = issue_token(database, "秘书处")
    forged = [
        "Bearer",
        "Bearer ",
        f"Basic {good}",
        good,
        f"Bearer {good}x",
        f"Bearer {good[:-1]}x",
        f"Bearer {good.upper()}",
        f"Bearer {good} {good}",
        f"Bearer {good}, Bearer {good}",
        "Bearer duban_" + "é" * 43,
        "Bearer duban_" + "' OR 1=1 --".ljust(43, "-"),
        "Bearer " + "x" * 9000,
    ]
    with TestClient(app) as http:
        for header in forged:
            with subtests.test(header[:40]):
                answer = http.get("/api/v1/me", headers=[(b"Authorization", header.encode())])
                assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
                assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        assert http.get("/api/v1/me", headers=[("Authorization", f"Bearer {good}")] * 2).status_code == 401
        assert http.get("/api/v1/me", headers={"Authorization": f"bearer  {good}"}).status_code == 200
        assert http.get(f"/api/v1/me?access_token={good}").status_code == 401
    told = entries(database)
    assert {(entry.outcome, entry.reason, entry.chain) for entry in told} == {(ActResult.REFUSED, "unknown", 0)}
    assert not any(good[10:30] in str(entry.model_dump()) for entry in told)


@pytest.mark.parametrize(
    ("columns", "account", "why"),
    [
        ({"lasts": timedelta(days=1)}, {}, "expired"),
        ({"revoked_at": NOW - timedelta(hours=1)}, {}, "revoked"),
        ({}, {"active": False}, "closed"),
    ],
)
def test_a_dead_token_opens_nothing_and_its_use_is_told(
    program: Begin, database: Database, columns: dict[str, object], account: dict[str, object], why: str
) -> None:
    begun = program("甲局联络员", **columns)
    alter(database, "甲局联络员", **account)
    assert begun.get("/me").json()["code"] == "token_invalid"
    (entry,) = entries(database)
    assert (entry.outcome, entry.reason, entry.subject) == (ActResult.REFUSED, why, "甲局联络员：局办公系统")
    assert entry.chain != 0


def test_a_token_ends_with_its_account_and_does_not_come_back(
    program: Begin, sign_in: SignIn, database: Database
) -> None:
    begun = program("丙局联络员")
    assert begun.get("/me").status_code == 200
    with database.reading() as session:
        key = session.exec(select(Account.id).where(Account.login == "丙局联络员")).one()
    keeper = sign_in("秘书处")
    assert keeper.post(f"/manage/accounts/{key}/close").status_code == 303
    assert begun.get("/me").status_code == 401
    assert keeper.post(f"/manage/accounts/{key}/reopen").status_code == 303
    assert begun.get("/me").status_code == 401


def test_a_token_ends_when_the_password_is_reset(program: Begin, sign_in: SignIn, database: Database) -> None:
    begun = program("丙局联络员")
    with database.reading() as session:
        key = session.exec(select(Account.id).where(Account.login == "丙局联络员")).one()
    assert sign_in("秘书处").post(f"/manage/accounts/{key}/password").status_code == 200
    assert begun.get("/me").json()["code"] == "token_invalid"


def test_what_a_browser_has_to_do_first_a_token_cannot_go_round(
    app: FastAPI, program: Begin, database: Database, settings: Settings
) -> None:
    begun, other = program("甲局联络员"), program("领导")
    alter(database, "甲局联络员", must_change=True)
    answer = begun.get("/plans")
    assert (answer.status_code, answer.json()["code"]) == (403, "password_due")
    alter(database, "甲局联络员", must_change=False)
    app.state.settings = settings.model_copy(update={"second_factor_roles": "liaison"})
    assert begun.get("/plans").json()["code"] == "second_factor_due"
    assert other.get("/plans").status_code == 200
    alter(database, "甲局联络员", totp_secret="sealed")
    assert begun.get("/plans").status_code == 200


def test_a_token_sees_what_its_account_sees_now(program: Begin, database: Database) -> None:
    begun = program("丙局联络员")
    assert {row["department"]["name"] for row in begun.items("/obligations")} == {"乙局", "丙局"}
    with database.reading() as session:
        moved = session.exec(select(Department.id).where(Department.name == "甲局")).first()
    alter(database, "丙局联络员", department_id=moved)
    assert {row["task"]["number"] for row in begun.items("/obligations")} == {"1.1"}
    alter(database, "丙局联络员", department_id=None, role=AccountRole.LEADER)
    assert {row["task"]["number"] for row in begun.items("/obligations")} == {"1.1", "2.1"}
    alter(database, "丙局联络员", role=AccountRole.AUDITOR)
    assert begun.get("/obligations").status_code == 404
    assert begun.get("/me").status_code == 200


def test_cookies_count_for_nothing_here_and_tokens_for_nothing_elsewhere(
    program: Begin, sign_in: SignIn, app: FastAPI
) -> None:
    assert sign_in("秘书处").get("/api/v1/plans").status_code == 401
    begun = program("秘书处")
    begun.http.cookies.set("duban_language", "en")
    assert begun.get("/plans").json()["items"][0]["status_word"] == "实施中"
    assert begun.send("GET", "/api/../plans").headers["location"].startswith("/sign-in")
    assert begun.http.get("/evidence/1", headers=begun.headers).headers["location"].startswith("/sign-in")


def test_its_use_is_noted_once_a_minute(program: Begin, database: Database) -> None:
    begun = program("领导")

    def used() -> object:
        with database.reading() as session:
            return session.exec(select(ApiToken.last_used_at)).one()

    assert used() is None
    begun.get("/me")
    first = used()
    begun.get("/me")
    assert used() == first
    assert not wants_note_of_use(NOW, NOW + timedelta(seconds=59))
    assert wants_note_of_use(NOW, NOW + timedelta(seconds=60))
    assert entries(database) == []


def test_many_wrong_tokens_are_braked_and_right_ones_never(program: Begin, database: Database) -> None:
    begun, wrong = program("领导"), program()
    wrong.headers = {"Authorization": "Bearer duban_" + "x" * 43}
    with database.writing() as session:
        session.add_all(SignInFailure(login_sha256="", network="token testclient", at=NOW) for _ in range(98))
    assert [wrong.get("/me").status_code for _ in range(4)] == [401, 401, 429, 429]
    answer = wrong.get("/me")
    assert answer.json()["code"] == "too_many_wrong_tokens"
    assert 1 <= int(answer.headers["retry-after"]) <= 600
    assert begun.get("/me").status_code == 200
    assert len(entries(database)) == 2
    assert begun.http.post("/sign-in", data={"login": "领导", "password": PASSWORD}).status_code == 303


def test_a_token_that_reads_cannot_report(program: Begin) -> None:
    begun = program("甲局联络员")
    for path, options in (("/obligations/1/updates", {"json": {}}), ("/uploads", {"files": {"file": ("a.txt", b"x")}})):
        answer = begun.post(path, **options)
        assert answer.status_code == 403
    answer = begun.post("/obligations/1/updates", json={"kind": "interim", "text": "已办"})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert re.search(r'error="insufficient_scope"', answer.headers["www-authenticate"])
