"""Second channels: set up on a page, told in a run, sent through the same outbox."""

import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import col, select

from app.changes.chat_channels import queue_chat
from app.changes.make_digest_run import make_run
from app.clock import HeldClock
from app.db import Database
from app.jobs.worker import tick
from app.mail.chat import ChatTransport
from app.mail.send import send_one, transport_for
from app.models import Account, AuditEntry, ChatChannel, DigestRun, OutboxMail, Region
from app.models.digest_run import RunKind
from app.models.outbox_mail import MailFault, MailState
from app.sealing import Sealer
from app.settings import Settings
from app.trail import keep_trail
from tests.conftest import NOW, TODAY, Person
from tests.history import History, counted

SignIn = Callable[[str], Person]
SECRET = "693a91f6-7aaa-4bc4-97a0-0ec2sifa5aaa"
HOOK = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={SECRET}"


@pytest.fixture
def group() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The address of a chat group at a real HTTP server, and what was said in it."""
    said: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_said: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"json://127.0.0.1:{server.server_port}/{SECRET}", said
    server.shutdown()
    server.server_close()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={"chat_services": "wecombot,dingtalk,feishu,json", "base_url": "http://duban.test"}
    )


def department(database: Database, name: str) -> str:
    with database.reading() as session:
        found = session.exec(select(Account).where(Account.login == f"{name}联络员")).one()
        return str(found.department_id)


def add(secretary: Person, database: Database, name: str, place: str = "", address: str = HOOK) -> None:
    answer = secretary.post(
        "/manage/channels",
        {"name": name, "department": department(database, place) if place else "", "address": address},
    )
    assert answer.status_code == 303, answer.text


def mails(database: Database) -> list[OutboxMail]:
    with database.reading() as session:
        return list(
            session.exec(select(OutboxMail).where(col(OutboxMail.channel_id).is_not(None)).order_by(col(OutboxMail.id)))
        )


def daily(database: Database, settings: Settings, kind: RunKind = RunKind.DAILY) -> DigestRun:
    with database.reading() as session:
        region_id = session.exec(select(Region.id).where(Region.code == "test")).one() or 0
    return make_run(database, lambda: None, region_id, kind, TODAY, now=NOW, by=None, settings=settings)


def send_all(database: Database, settings: Settings, clock: HeldClock) -> None:
    chat = ChatTransport(database, Sealer(settings.var_dir).open, settings.chats)
    while send_one(database, transport_for(settings), clock, chat=chat):
        pass


def test_a_channel_is_sealed_and_never_shown_again(
    app: FastAPI, sign_in: SignIn, database: Database, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    secretary = sign_in("秘书处")
    with caplog.at_level(logging.DEBUG):
        add(secretary, database, "甲局工作群", "甲局")
        page = secretary.get("/manage/channels?notice=channel-added").text
    assert "甲局工作群" in page
    assert "企业微信" in page
    assert "地址末尾…5aaa" in page
    with database.reading() as session:
        row = session.exec(select(ChatChannel)).one()
        told = session.exec(select(AuditEntry).order_by(col(AuditEntry.id).desc())).first()
    assert Sealer(settings.var_dir).open(row.sealed_url) == f"wecombot://{SECRET}"
    assert told is not None
    assert told.action.value == "settings"
    for text in (page, caplog.text, row.sealed_url, json.dumps(told.changes), secretary.get("/audit").text):
        assert SECRET not in text


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"name": ""}, "name", "请填写名称"),
        ({"name": "群" * 51}, "name", "不超过50个字"),
        ({"name": "群\u202e"}, "name", "应为一行"),
        ({"department": "999"}, "department", "没有这个单位"),
        ({"address": ""}, "address", "请填写机器人的地址"),
        ({"address": "wecombot://short"}, "address", "地址不完整"),
        ({"address": "http://10.0.0.1/x"}, "address", "不能使用这个地址"),
        ({"signing": "SEC" + "0" * 40}, "signing", "只有钉钉用得到"),
        ({"address": "x" * 10_000}, "address", "地址不正确"),
    ],
)
def test_what_is_wrong_gets_its_sentence_and_loses_nothing(
    sign_in: SignIn, database: Database, typed: dict[str, str], field: str, sentence: str
) -> None:
    secretary = sign_in("秘书处")
    answer = secretary.post("/manage/channels", {"name": "<b>群", "department": "", "address": HOOK, **typed})
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-fault">.*{sentence}', answer.text)
    if "name" not in typed:
        assert 'value="&lt;b&gt;群"' in answer.text
    with database.reading() as session:
        assert session.exec(select(ChatChannel)).all() == []


def test_the_same_robot_is_registered_once_for_a_department(sign_in: SignIn, database: Database) -> None:
    secretary = sign_in("秘书处")
    add(secretary, database, "甲局工作群", "甲局")
    add(secretary, database, "秘书处群")
    again = secretary.post(
        "/manage/channels", {"name": "又一个", "department": department(database, "甲局"), "address": HOOK}
    )
    assert again.status_code == 422
    assert "这个机器人已登记为“甲局工作群”" in again.text


def test_a_lost_key_file_is_not_made_anew_in_silence(sign_in: SignIn, database: Database, settings: Settings) -> None:
    secretary = sign_in("秘书处")
    add(secretary, database, "甲局工作群", "甲局")
    (settings.var_dir / "secret.key").unlink()
    answer = secretary.post("/manage/channels", {"name": "秘书处群", "department": "", "address": HOOK})
    assert answer.status_code == 503
    assert "缺少密钥文件" in answer.text
    assert "密钥文件不符，请重新登记" in secretary.get("/manage/channels").text


def test_a_run_says_one_line_to_each_group_that_has_something_to_hear(
    app: FastAPI,
    sign_in: SignIn,
    history: History,
    settings: Settings,
    clock: HeldClock,
    group: tuple[str, list[dict[str, Any]]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    address, said = group
    database, secretary = history.database, sign_in("秘书处")
    for name, place in (("甲局工作群", "甲局"), ("残联群", ""), ("西街道群", "西街道")):
        add(secretary, database, name, place, address)
    with database.writing() as session:  # no mail reaches 西街道
        account = session.exec(select(Account).where(Account.login == "西街道联络员")).one()
        account.active = False
        session.add(account)
    run = daily(database, settings)
    with database.writing() as session:  # a second call adds nothing
        region = session.get_one(Region, run.region_id)
        queue_chat(session, region, session.get_one(DigestRun, run.id), now=NOW, settings=settings)
    queued = mails(database)
    assert [mail.key.rpartition(".")[0] for mail in queued] == ["daily.test.2024-11-25"] * len(queued)
    assert {mail.kind for mail in queued} == {"daily"}
    assert all(mail.account_id is None for mail in queued)
    with caplog.at_level(logging.DEBUG):
        send_all(database, settings, clock)
    titles = {one["title"]: one["message"] for one in said}
    assert len(titles) == len(said) == len(queued)
    assert re.fullmatch(
        r"逾期1项。请联络员登录办理，具体事项见邮件和“我的事项”。\nhttp://duban.test/obligations",
        titles["督办提醒：甲局"],
    )
    assert re.match(r"今日每日提醒共\d+封。全区目前逾期\d+项", titles["督办提醒：测试区秘书处"])
    assert "开展宣传活动" not in json.dumps(said, ensure_ascii=False)
    assert {mail.state for mail in mails(database)} == {MailState.SENT}
    assert SECRET not in caplog.text
    # A department that no mail reaches hears once a week what stands.
    assert titles["督办提醒：西街道"].startswith("逾期1项")


def test_the_weekly_list_is_told_to_those_who_are_on_it(sign_in: SignIn, history: History, settings: Settings) -> None:
    database, secretary = history.database, sign_in("秘书处")
    add(secretary, database, "甲局工作群", "甲局")
    add(secretary, database, "秘书处群")
    daily(database, settings, RunKind.WEEKLY)
    told = {mail.subject: mail.text for mail in mails(database)}
    assert told["督办清单：甲局"].startswith("逾期清单〔2024〕第1期列有1项。")
    assert re.match(r"逾期清单〔2024〕第1期列有\d+项。\nhttp://duban.test/overdue/lists/\d+", told["督办清单：测试区"])


def test_nothing_to_say_is_not_said(sign_in: SignIn, history: History, settings: Settings) -> None:
    database, secretary = history.database, sign_in("秘书处")
    add(secretary, database, "甲局工作群", "甲局")
    daily(database, settings)
    before = len(mails(database))
    assert before == 1
    with database.reading() as session:
        region_id = session.exec(select(Region.id).where(Region.code == "test")).one() or 0
    tomorrow = TODAY.replace(day=26)
    make_run(
        database,
        lambda: None,
        region_id,
        RunKind.DAILY,
        tomorrow,
        now=NOW.replace(day=26),
        by=None,
        settings=settings,
    )
    assert len(mails(database)) == before


def test_a_test_message_goes_the_way_of_all_messages(
    app: FastAPI,
    sign_in: SignIn,
    database: Database,
    settings: Settings,
    clock: HeldClock,
    group: tuple[str, list[dict[str, Any]]],
) -> None:
    address, said = group
    secretary = sign_in("秘书处")
    add(secretary, database, "残联群", "", address)
    with database.reading() as session:
        key = session.exec(select(ChatChannel.id)).one()
    answer = secretary.post(f"/manage/channels/{key}/test")
    assert (answer.status_code, answer.headers["location"]) == (303, "/manage/channels?notice=channel-test")
    assert "等待发送" in secretary.get("/manage/channels").text
    keep_trail(database)
    tick(settings, clock, database, None, threading.Event())
    assert [one["title"] for one in said].count("督办：测试消息") == 1
    assert "已发出" in secretary.get("/manage/channels").text
    sent = mails(database)[0].id
    page = secretary.get(f"/mail/{sent}").text
    assert "今后的提醒会发到本群" in page
    assert ".eml" not in page
    for path in ("/mail", f"/mail/{sent}.eml", f"/mail/{sent}/html"):
        assert secretary.get(path).status_code in {200, 404, 422}, path


def test_a_channel_that_was_stopped_hears_no_more(
    app: FastAPI,
    sign_in: SignIn,
    database: Database,
    settings: Settings,
    clock: HeldClock,
    group: tuple[str, list[dict[str, Any]]],
) -> None:
    address, said = group
    secretary = sign_in("秘书处")
    add(secretary, database, "残联群", "", address)
    with database.reading() as session:
        key = session.exec(select(ChatChannel.id)).one()
    assert secretary.post(f"/manage/channels/{key}/test").status_code == 303
    assert secretary.post(f"/manage/channels/{key}/active", {"active": "no"}).status_code == 303
    again = secretary.post(f"/manage/channels/{key}/active", {"active": "no"})
    assert again.status_code == 409
    assert "已经停用" in again.text
    send_all(database, settings, clock)
    assert said == []
    (mail,) = mails(database)
    assert (mail.state, mail.fault) == (MailState.FAILED, MailFault.UNWANTED)
    assert secretary.post(f"/manage/channels/{key}/test").status_code == 409
    assert "已停用" in secretary.get("/manage/channels").text


def test_a_service_that_is_not_allowed_any_more_is_not_written_to(
    app: FastAPI,
    sign_in: SignIn,
    database: Database,
    settings: Settings,
    clock: HeldClock,
    group: tuple[str, list[dict[str, Any]]],
) -> None:
    address, said = group
    secretary = sign_in("秘书处")
    add(secretary, database, "残联群", "", address)
    with database.reading() as session:
        key = session.exec(select(ChatChannel.id)).one()
    secretary.post(f"/manage/channels/{key}/test")
    send_all(database, settings.model_copy(update={"chat_services": "feishu"}), clock)
    (mail,) = mails(database)
    assert (mail.state, mail.fault, said) == (MailState.FAILED, MailFault.UNWANTED, [])
    assert "DUBAN_CHAT_SERVICES" in mail.error


def test_the_page_takes_the_same_statements_however_many_there_are(sign_in: SignIn, database: Database) -> None:
    secretary = sign_in("秘书处")
    counts = []
    for number in range(3):
        add(secretary, database, f"群{number}", "", HOOK.replace("5aaa", f"5aa{number}"))
        with counted(database) as sent:
            secretary.get("/manage/channels")
        counts.append(len(sent))
    assert len(set(counts)) == 1


def test_other_regions_channels_do_not_exist(sign_in: SignIn, database: Database) -> None:
    add(sign_in("秘书处"), database, "甲局工作群", "甲局")
    with database.reading() as session:
        key = session.exec(select(ChatChannel.id)).one()
    other = sign_in("邻区秘书处")
    for path in (f"/manage/channels/{key}/test", f"/manage/channels/{key}/active", "/manage/channels/999/test"):
        assert other.post(path).status_code == 404
    assert "甲局工作群" not in other.get("/manage/channels").text
