"""The page of alarms, and what monitoring without an account is told."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from pydantic import SecretStr
from starlette.testclient import TestClient

from app.clock import SystemClock
from app.db import Database
from app.jobs.beat import beat
from app.models import Alarm
from app.settings import Settings
from tests.conftest import NOW, Person
from tests.history import History, counted

SignIn = Callable[[str], Person]


def alarm(database: Database, key: str, region_id: int | None = None, **columns: object) -> None:
    with database.writing() as session:
        standing: dict[str, Any] = {"text": f"<b>{key}", "raised_at": NOW, "next_try_at": NOW}
        session.add(Alarm(key=key, region_id=region_id, **standing | columns))


def test_alarms_of_the_region_and_of_all_are_listed(
    app: FastAPI, sign_in: SignIn, history: History, settings: Settings
) -> None:
    with history.database.reading() as session:
        region = history.region(session).id or 0
    alarm(history.database, "stuck.test.2024-11-25", region, error="HTTP 500", tries=2)
    alarm(history.database, "worker.2024-11-25", cleared_at=NOW, told_at=NOW)
    secretary = sign_in("秘书处")
    page = secretary.get("/manage/alarms").text
    assert "&lt;b&gt;stuck.test" in page
    assert "未解除" in page
    assert "2024年11月25日 10:00解除" in page
    assert "DUBAN_ALARM_URL" in page
    app.state.settings = settings.model_copy(update={"alarm_url": SecretStr("https://example.org/secret-hook")})
    page = secretary.get("/manage/alarms").text
    assert "未送达，第2次" in page
    assert "HTTP 500" in page
    assert "已送达" in page
    assert "secret-hook" not in page
    other = sign_in("邻区秘书处").get("/manage/alarms").text
    assert "worker.2024-11-25" in other
    assert "stuck.test" not in other
    assert sign_in("甲局联络员").get("/manage/alarms").status_code == 404


def test_monitoring_is_told_the_kinds_of_trouble_and_nothing_else(
    client: TestClient, history: History, database: Database
) -> None:
    answer = client.get("/health/sending")
    assert (answer.status_code, answer.json()) == (503, {"state": "wrong", "troubles": ["worker"]})
    wall = SystemClock().wall()
    beat(database, wall, "host:1", wall)
    assert (client.get("/health/sending").status_code, client.get("/health").text) == (200, "ok")
    alarm(database, "missed.daily.test.2024-11-25")
    alarm(database, "bounces.test.2024-11-25", cleared_at=NOW)
    with counted(database) as sent:
        answer = client.get("/health/sending")
    assert answer.json() == {"state": "wrong", "troubles": ["missed.daily"]}
    assert answer.headers["Cache-Control"] == "no-store"
    assert len([one for one in sent if one.startswith("SELECT")]) == 2
