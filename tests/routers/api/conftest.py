"""A program with a token: what the API's tests have in common."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlmodel import select
from starlette.testclient import TestClient

from app.changes.token_hash import token_sha256
from app.db import Database
from app.models import Account, ApiToken
from app.models.api_token import TokenScope
from tests.conftest import NOW

V1 = "/api/v1"


@dataclass
class Program:
    http: TestClient
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.send("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.send("POST", path, **options)

    def send(self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any) -> httpx.Response:
        address = path if path.startswith("/api") else V1 + path
        return self.http.request(method, address, headers={**self.headers, **(headers or {})}, **options)

    def items(self, path: str) -> list[dict[str, Any]]:
        """Of all pages."""
        found: list[dict[str, Any]] = []
        following: str | None = path
        while following:
            page = self.get(following).json()
            found += page["items"]
            following = page["next"]
        return found


def issue_token(
    database: Database,
    login: str,
    scope: TokenScope = TokenScope.READ,
    *,
    made: datetime = NOW - timedelta(days=1),
    lasts: timedelta = timedelta(days=90),
    **columns: Any,
) -> str:
    with database.writing() as session:
        account = session.exec(select(Account).where(Account.login == login)).one()
        count = len(session.exec(select(ApiToken.id)).all())
        token = "duban_" + f"{count:03}".ljust(43, "k")
        session.add(
            ApiToken(
                account_id=account.id or 0,
                name="局办公系统",
                token_sha256=token_sha256(token),
                hint=token[:10],
                scope=scope,
                created_at=made,
                expires_at=made + lasts,
                **columns,
            )
        )
    return token


@pytest.fixture
def program(app: FastAPI, database: Database) -> Iterator[Callable[..., Program]]:
    """program("甲局联络员", TokenScope.REPORT) asks with a token of that account; program() with none."""
    with TestClient(app, follow_redirects=False) as http:

        def begin(login: str | None = None, scope: TokenScope = TokenScope.READ, **columns: Any) -> Program:
            if login is None:
                return Program(http)
            token = issue_token(database, login, scope, **columns)
            return Program(http, {"Authorization": f"Bearer {token}"})

        yield begin
