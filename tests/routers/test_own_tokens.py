"""The page of one's own tokens."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlmodel import col, select
from starlette.testclient import TestClient

from app.changes.token_hash import token_sha256
from app.clock import HeldClock
from app.db import Database
from app.domain.audit import AuditAction
from app.models import AccountSession, ApiToken, AuditEntry
from tests.conftest import NOW, PASSWORD, Person
from tests.routers.api.conftest import issue_token

SignIn = Callable[[str], Person]


def made(answer_text: str) -> str:
    found = re.search(r'value="(duban_[\w-]{43})"', answer_text)
    assert found
    return found[1]


def test_a_token_is_shown_once_and_works(sign_in: SignIn, app: FastAPI, database: Database) -> None:
    person = sign_in("甲局联络员")
    answer = person.post("/account/tokens", {"name": " 局办公系统 ", "scope": "report", "days": "30"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    token = made(answer.text)
    assert re.search(r"<input[^>]*readonly", answer.text)
    said = TestClient(app).get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).json()
    assert (said["token"]["name"], said["token"]["scope"]) == ("局办公系统", "report")
    listed = person.get("/account/tokens").text
    assert token not in listed
    assert token[:10] in listed
    with database.reading() as session:
        row = session.exec(select(ApiToken)).one()
        told = session.exec(select(AuditEntry).where(AuditEntry.action == AuditAction.TOKEN)).one()
    assert (row.token_sha256, row.expires_at - row.created_at) == (token_sha256(token), timedelta(days=30))
    assert (told.subject, told.actor) == ("局办公系统", "甲局联络员")
    assert token not in str(told.changes)
    assert row.token_sha256 not in str(told.changes)


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ({"name": ""}, "请填写名称"),
        ({"name": "\u200b"}, "请填写名称"),
        ({"name": "长" * 101}, "不能超过100个字"),
        ({"scope": "admin"}, "请选择权限"),
        ({"scope": "report"}, "只有联络员的令牌可以填报"),
        ({"days": "0"}, "1至366"),
        ({"days": "367"}, "1至366"),
        ({"days": "9" * 40}, "1至366"),
        ({"days": "永久"}, "1至366"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_typed_is_lost(
    sign_in: SignIn, database: Database, typed: dict[str, str], fault: str
) -> None:
    sent = {"name": "<b>周报", "scope": "read", "days": "45", **typed}
    answer = sign_in("领导").post("/account/tokens", dict(sent))
    assert answer.status_code == 422
    assert fault in answer.text
    if sent["name"] == "<b>周报":
        assert 'value="&lt;b&gt;周报"' in answer.text
    with database.reading() as session:
        assert session.exec(select(ApiToken)).all() == []


def test_twenty_are_enough(sign_in: SignIn, database: Database) -> None:
    for _ in range(20):
        issue_token(database, "领导")
    issue_token(database, "领导", revoked_at=NOW)
    answer = sign_in("领导").post("/account/tokens", {"name": "第21个", "scope": "read", "days": "1"})
    assert answer.status_code == 422
    assert "已有20个" in answer.text


def test_a_token_is_revoked_by_its_owner_alone(sign_in: SignIn, app: FastAPI, database: Database) -> None:
    token = issue_token(database, "领导")
    with database.reading() as session:
        key = session.exec(select(ApiToken.id)).one()
    assert sign_in("秘书处").post(f"/account/tokens/{key}/revoke").status_code == 404
    http = TestClient(app)
    headers = {"Authorization": f"Bearer {token}"}
    assert http.get("/api/v1/me", headers=headers).status_code == 200
    owner = sign_in("领导")
    assert owner.get(f"/account/tokens/{key}/revoke").status_code == 405
    for _twice in range(2):
        assert owner.post(f"/account/tokens/{key}/revoke").headers["location"].endswith("notice=token-revoked")
    assert http.get("/api/v1/me", headers=headers).status_code == 401
    assert "撤销</span>" in owner.get("/account/tokens").text


def test_a_session_of_yesterday_is_asked_for_the_password_again(
    sign_in: SignIn, database: Database, clock: HeldClock
) -> None:
    """Somebody at an open screen, or with a stolen cookie, must not get a way in that lasts a year."""
    person = sign_in("领导")
    with database.writing() as session:
        living = session.exec(select(AccountSession).order_by(col(AccountSession.id).desc())).first()
        assert living is not None
        living.created_at = clock.now() - timedelta(minutes=16)
    asked = {"name": "周报", "scope": "read", "days": "30"}
    for password, status in (("", 422), ("wrong", 422), (PASSWORD, 200)):
        answer = person.post("/account/tokens", {**asked, "password": password})
        assert answer.status_code == status
        assert "wrong" not in answer.text
    with database.reading() as session:
        assert len(session.exec(select(ApiToken)).all()) == 1


def test_without_a_session_or_its_form_token_nothing_is_made(sign_in: SignIn, app: FastAPI, database: Database) -> None:
    asked = {"name": "周报", "scope": "read", "days": "30"}
    assert TestClient(app).post("/account/tokens", data=asked).status_code == 401
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert sign_in("领导").http.post("/account/tokens", data=asked, headers=headers).status_code == 403
    with database.reading() as session:
        assert session.exec(select(ApiToken)).all() == []
