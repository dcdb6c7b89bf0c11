"""An alarm goes out by a second path, once, whoever looks."""

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr
from sqlmodel import col, select

from app.clock import Clock
from app.db import Database
from app.jobs.beat import beat
from app.jobs.watch import Watcher, watch
from app.models import Alarm, AuditEntry, DigestRun
from app.models.digest_run import RunKind
from app.settings import Settings
from app.trail import keep_trail
from tests.conftest import NOW, SHANGHAI, TODAY
from tests.history import History, at

MINUTE = timedelta(minutes=1)


class SetClock(Clock):
    """`at` is both the office's moment and the real one."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def wall(self) -> datetime:
        return self.at

    @property
    def held_at(self) -> None:
        return None


@dataclass
class Webhook:
    """A real HTTP server: what it was sent, and the statuses it answers with, then 200."""

    url: str = ""
    got: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    body: bytes = b"{}"
    leads_to: str = ""

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(one["state"], one["key"]) for _path, one in self.got]


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = hook.statuses.pop(0) if hook.statuses else 200
            if status < 300:
                hook.got.append((self.path, said))
            self.send_response(status)
            if hook.leads_to:
                self.send_header("Location", hook.leads_to)
            self.end_headers()
            self.wfile.write(hook.body)

        def log_message(self, *_said: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    hook.url = f"http://127.0.0.1:{server.server_port}/hook?token=secret-token"
    yield hook
    server.shutdown()
    server.server_close()


@pytest.fixture
def knobs(settings: Settings, webhook: Webhook) -> Settings:
    return settings.model_copy(update={"alarm_url": SecretStr(webhook.url), "base_url": "http://duban.test"})


@pytest.fixture
def clock(database: Database) -> SetClock:
    keep_trail(database)
    return SetClock(NOW)


def run(history: History, day: date, kind: RunKind = RunKind.DAILY) -> None:
    with history.database.writing() as session:
        region_id = history.region(session).id or 0
        made = at(day, 8, 30)
        session.add(DigestRun(region_id=region_id, kind=kind, run_date=day, made_at=made, completed_at=made))


def worked_on_friday(history: History, clock: SetClock) -> None:
    """And the week's list is made: nothing is missing but today's digest."""
    run(history, date(2024, 11, 22))
    run(history, TODAY, RunKind.WEEKLY)
    beat(history.database, clock.at, "host:1", clock.at)


def alarms(database: Database) -> list[Alarm]:
    with database.reading() as session:
        return list(session.exec(select(Alarm).order_by(col(Alarm.id))))


KEY = "missed.daily.test.2024-11-25"


def test_a_missed_run_is_told_once_although_three_look_at_once(
    history: History, knobs: Settings, clock: SetClock, webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    worked_on_friday(history, clock)
    start = threading.Barrier(3)

    def look() -> None:
        start.wait()
        watch(knobs, clock, history.database)

    with caplog.at_level(logging.ERROR):
        watchers = [threading.Thread(target=look) for _number in range(3)]
        for watcher in watchers:
            watcher.start()
        for watcher in watchers:
            watcher.join()
    watch(knobs, clock, history.database)
    path, said = webhook.got[0]
    assert len(webhook.got) == 1
    assert path == "/hook?token=secret-token"
    assert {name: said[name] for name in ("key", "state", "region", "site", "cleared_at")} == {
        "key": KEY,
        "state": "raised",
        "region": "test",
        "site": "http://duban.test",
        "cleared_at": None,
    }
    assert said["text"].startswith("督办告警：2024年11月25日08:30应发出的每日提醒尚未发出。")
    assert datetime.fromisoformat(said["raised_at"]) == NOW
    assert [record.getMessage().partition("：")[0].split(":")[0] for record in caplog.records] == [f"alarm {KEY}"]
    assert "secret-token" not in caplog.text


def test_it_is_cleared_when_the_run_was_made_up_and_that_is_told_too(
    history: History, knobs: Settings, clock: SetClock, webhook: Webhook
) -> None:
    worked_on_friday(history, clock)
    watch(knobs, clock, history.database)
    run(history, TODAY)
    clock.at += MINUTE
    for _look in range(2):
        watch(knobs, clock, history.database)
    assert webhook.told == [("raised", KEY), ("cleared", KEY)]
    assert "督办告警解除" in webhook.got[1][1]["text"]
    (alarm,) = alarms(history.database)
    assert (alarm.cleared_at, alarm.told_at) == (clock.at, clock.at)


def test_what_fails_again_on_another_day_is_another_alarm(
    history: History, knobs: Settings, clock: SetClock, webhook: Webhook
) -> None:
    worked_on_friday(history, clock)
    watch(knobs, clock, history.database)
    run(history, TODAY)
    watch(knobs, clock, history.database)
    clock.at = at(date(2024, 11, 26), 9, 30)
    beat(history.database, clock.at, "host:1", clock.at)
    watch(knobs, clock, history.database)
    assert [key for _state, key in webhook.told] == [KEY, KEY, "missed.daily.test.2024-11-26"]


def test_what_comes_and_goes_is_not_told_each_time(
    history: History, knobs: Settings, clock: SetClock, webhook: Webhook
) -> None:
    run(history, TODAY, RunKind.WEEKLY)
    run(history, TODAY)
    for minutes in (0, 5, 10, 15):
        clock.at = NOW + minutes * MINUTE
        if minutes % 10:
            beat(history.database, clock.at, "host:1", clock.at)
        else:
            beat(history.database, clock.at - 30 * MINUTE, "host:1", clock.at)
        watch(knobs, clock, history.database)
    assert [state for state, _key in webhook.told] == ["raised", "cleared"]
    clock.at = NOW + timedelta(hours=2)  # nobody has worked for long: it is news again
    watch(knobs, clock, history.database)
    assert webhook.told[2:] == [("raised", "worker.2024-11-25")]


def test_a_webhook_that_refuses_is_asked_again_until_it_takes_it(
    history: History, knobs: Settings, clock: SetClock, webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    worked_on_friday(history, clock)
    webhook.statuses = [500, 404]
    watch(knobs, clock, history.database)
    watch(knobs, clock, history.database)  # too soon
    assert webhook.statuses == [404]
    assert (alarms(history.database)[0].error, alarms(history.database)[0].told_at) == ("HTTP 500", None)
    for _try in range(2):
        clock.at += 3 * MINUTE
        beat(history.database, clock.at, "host:1", clock.at)
        watch(knobs, clock, history.database)
    assert webhook.told == [("raised", KEY)]
    (alarm,) = alarms(history.database)
    assert (alarm.tries, alarm.error, alarm.told_at) == (3, "", clock.at)
    assert "secret-token" not in caplog.text


def test_a_webhook_that_is_not_there_costs_nothing_but_the_call(
    history: History, knobs: Settings, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = knobs.model_copy(update={"alarm_url": SecretStr("http://127.0.0.1:9/hook?token=secret-token")})
    worked_on_friday(history, clock)
    watch(nowhere, clock, history.database)
    (alarm,) = alarms(history.database)
    assert alarm.error == "无法连接：ConnectError"
    assert "secret-token" not in caplog.text


def test_no_redirect_is_followed(history: History, knobs: Settings, clock: SetClock, webhook: Webhook) -> None:
    worked_on_friday(history, clock)
    webhook.statuses, webhook.leads_to = [307], webhook.url
    watch(knobs, clock, history.database)
    assert webhook.got == []
    assert alarms(history.database)[0].error == "HTTP 307"


def test_an_alarm_that_nobody_heard_of_is_not_taken_back(
    history: History, settings: Settings, knobs: Settings, clock: SetClock, webhook: Webhook
) -> None:
    worked_on_friday(history, clock)
    watch(settings, clock, history.database)  # without a webhook
    run(history, TODAY)
    watch(knobs, clock, history.database)
    assert webhook.got == []
    assert alarms(history.database)[0].cleared_at == NOW


def test_a_robot_of_a_chat_service_is_no_webhook_that_takes_json(
    history: History, knobs: Settings, clock: SetClock, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would say 200 to what it does not understand; so it is written to as one."""
    from apprise.plugins.wecombot import NotifyWeComBot

    monkeypatch.setattr(NotifyWeComBot, "notify_url", webhook.url + "&key={key}")
    robot = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a91f6-7aaa-4bc4-97a0-0ec2sifa5aaa"
    hooked = knobs.model_copy(update={"alarm_url": SecretStr(robot)})
    worked_on_friday(history, clock)
    webhook.body = b'{"errcode": 93000, "errmsg": "invalid webhook url"}'
    watch(hooked, clock, history.database)
    assert "errcode 93000" in alarms(history.database)[0].error
    webhook.body = b'{"errcode": 0, "errmsg": "ok"}'
    clock.at += 2 * MINUTE
    watch(hooked, clock, history.database)
    assert alarms(history.database)[0].told_at == clock.at
    assert webhook.got[-1][1]["msgtype"] == "text"
    assert "督办告警" in webhook.got[-1][1]["text"]["content"]


def test_nothing_is_raised_on_a_holiday_or_in_an_empty_installation(
    history: History, knobs: Settings, clock: SetClock, webhook: Webhook
) -> None:
    watch(knobs, clock, history.database)
    for day, kind in ((27, RunKind.DAILY), (30, RunKind.DAILY), (30, RunKind.WEEKLY)):
        run(history, date(2024, 9, day), kind)
    clock.at = at(date(2024, 10, 3), 12)
    beat(history.database, clock.at, "host:1", clock.at)
    watch(knobs, clock, history.database)
    assert alarms(history.database) == []
    assert webhook.got == []


def test_raising_and_clearing_stand_in_the_trail(history: History, settings: Settings, clock: SetClock) -> None:
    worked_on_friday(history, clock)
    watch(settings, clock, history.database)
    run(history, TODAY)
    watch(settings, clock, history.database)
    watch(settings, clock, history.database)  # nothing has changed, so nothing is written
    with history.database.reading() as session:
        told = session.exec(select(AuditEntry).order_by(col(AuditEntry.id))).all()
    assert [(entry.action.value, entry.channel.value) for entry in told] == [("maintenance", "worker")] * 2
    assert "每日提醒尚未发出" in told[0].reason
    assert told[1].reason == "告警解除"


def test_a_worker_looks_once_a_minute(history: History, settings: Settings, clock: SetClock) -> None:
    watcher = Watcher(settings, clock, history.database)
    watcher.look()
    run(history, date(2024, 11, 22))
    for seconds, found in ((30, False), (59, False), (60, True)):
        clock.at = NOW + timedelta(seconds=seconds)
        watcher.look()
        assert bool(alarms(history.database)) is found, seconds


def test_the_real_zone_of_the_office_names_the_day(history: History, settings: Settings, clock: SetClock) -> None:
    run(history, TODAY)
    run(history, TODAY, RunKind.WEEKLY)
    clock.at = datetime(2024, 11, 26, 0, 30, tzinfo=SHANGHAI)  # in UTC it is still the 25th
    watch(settings, clock, history.database)
    assert [alarm.key for alarm in alarms(history.database)] == ["worker.2024-11-26"]
