"""Short messages to chat groups, through Apprise and a real HTTP server."""

import json
import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from app.mail.chat import refusal, say
from app.mail.chat_address import BadChatAddress, ChatAddress, chat_address, plugin, plugin_class, with_signing
from app.mail.transport import NotSent
from app.models.outbox_mail import MailFault
from app.settings import CHAT_SERVICES

THREE = frozenset({"wecombot", "dingtalk", "feishu"})
KEY = "693a91f6-7aaa-4bc4-97a0-0ec2sifa5aaa"
DING = "9" * 60 + "abcd"


@dataclass
class Gateway:
    """What came to it; it answers with `status` and `body`."""

    port: int = 0
    got: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)
    status: int = 200
    body: bytes = b"ok"
    leads_to: str = ""

    @property
    def address(self) -> ChatAddress:
        return chat_address(f"json://127.0.0.1:{self.port}/group-token-0123456789", {"json"})


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    gate = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            gate.got.append((dict(self.headers), said))
            self.send_response(gate.status)
            if gate.leads_to:
                self.send_header("Location", gate.leads_to)
            self.end_headers()
            self.wfile.write(gate.body)

        def log_message(self, *_said: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    gate.port = server.server_port
    yield gate
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        (f"wecombot://{KEY}", f"wecombot://{KEY}"),
        (f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={KEY}", f"wecombot://{KEY}"),
        (f" dingtalk://{DING} ", f"dingtalk://{DING}"),
        (f"https://oapi.dingtalk.com/robot/send?access_token={DING}", f"dingtalk://{DING}"),
        (f"feishu://{KEY}", f"feishu://{KEY}"),
        (f"https://open.feishu.cn/open-apis/bot/v2/hook/{KEY}", f"feishu://{KEY}"),
    ],
)
def test_what_the_robot_s_page_shows_is_understood(typed: str, url: str) -> None:
    found = chat_address(typed, THREE)
    assert (found.url, found.hint) == (url, f"…{url[-4:]}")
    assert plugin(found).secure_protocol == found.service


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "督办",
        "https://example.org/hook",
        "http://169.254.169.254/latest/meta-data",
        "json://127.0.0.1:8000/x",
        "jsons://10.0.0.1/x",
        "mailto://user:password@example.org",
        "syslog://localhost",
        "wecombot://short",
        "wecombot://",
        f"wecombot://{KEY}?redirect=yes&verify=no",
        f"wecombot://{KEY}/../../x",
        f"dingtalk://{DING}/13800000000",
        f"feishu://{KEY}#x",
        f"feishu://{KEY}\r\nX-Evil: 1",
        f"https://qyapi.weixin.qq.com.evil.example/cgi-bin/webhook/send?key={KEY}",
        f"https://qyapi.weixin.qq.com@evil.example/send?key={KEY}",
        "wecombot://[::1",
        "wecombot://host:port",
        "x" * 10_000,
    ],
)
def test_everything_else_is_refused_with_a_sentence_that_does_not_repeat_it(typed: str) -> None:
    with pytest.raises(BadChatAddress) as refused:
        chat_address(typed, THREE)
    sentence = str(refused.value)
    assert sentence.endswith("。")
    assert KEY not in sentence
    assert DING not in sentence


def test_the_settings_name_the_services_that_there_are() -> None:
    for service in CHAT_SERVICES:
        assert plugin_class(service).__name__.startswith("Notify")


def test_a_gateway_of_the_office_is_off_until_it_is_allowed() -> None:
    with pytest.raises(BadChatAddress, match="可用的有：企业微信、钉钉、飞书"):
        chat_address("json://10.1.2.3/duban", THREE)
    assert chat_address("json://10.1.2.3/duban", {"json"}).service == "json"


def test_a_signing_secret_is_dingtalk_s_alone() -> None:
    ding = chat_address(f"dingtalk://{DING}", THREE)
    signed = with_signing(ding, "SEC" + "0aB" * 20)
    assert plugin(signed).secret == "SEC" + "0aB" * 20
    assert plugin(signed).token == DING
    for address, secret in (
        (ding, "SEC 1"),
        (ding, "short"),
        (chat_address(f"feishu://{KEY}", THREE), "SEC" + "0" * 40),
    ):
        with pytest.raises(BadChatAddress):
            with_signing(address, secret)


def test_a_message_arrives_with_its_title(gateway: Gateway) -> None:
    say(gateway.address, "督办提醒：甲局", "逾期2项。\nhttp://duban.test/obligations?a=1&b=<2>")
    headers, said = gateway.got[0]
    assert len(gateway.got) == 1
    assert (said["title"], said["message"]) == ("督办提醒：甲局", "逾期2项。\nhttp://duban.test/obligations?a=1&b=<2>")
    assert headers["User-Agent"] == "Duban"


@pytest.mark.parametrize(
    ("status", "body", "permanent"),
    [
        (200, b'{"errcode": 93000, "errmsg": "invalid webhook url"}', True),
        (200, b'{"errcode": 45009, "errmsg": "api freq out of limit"}', False),
        (200, b'{"code": 19024, "msg": "Key Words Not Found"}', True),
        (200, b'{"errcode": 310000, "errmsg": "sign not match"}', True),
        (404, b"", True),
        (429, b"", False),
        (503, b"", False),
        (302, b"", True),
    ],
)
def test_a_no_is_a_no_whatever_its_status(gateway: Gateway, status: int, body: bytes, permanent: bool) -> None:
    gateway.status, gateway.body, gateway.leads_to = status, body, f"http://127.0.0.1:{gateway.port}/elsewhere"
    with pytest.raises(NotSent) as failed:
        say(gateway.address, "督办", "一句")
    assert failed.value.permanent is permanent
    assert failed.value.fault is (MailFault.ADDRESS if permanent else None)
    assert not failed.value.in_doubt
    assert len(gateway.got) == 1


@pytest.mark.parametrize(
    "body", [b'{"errcode": 0}', b'{"code": 0, "msg": "success"}', b'{"StatusCode": 0}', b"[]", b"ok", b"\xff"]
)
def test_a_yes_is_a_yes(body: bytes) -> None:
    assert refusal(200, body) is None


def test_a_server_that_is_not_there_or_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        with pytest.raises(NotSent) as refused:
            say(chat_address("json://127.0.0.1:9/group-token-0123456789", {"json"}), "督办", "一句")
        assert (refused.value.permanent, refused.value.in_doubt) == (False, False)
        with socket.create_server(("127.0.0.1", 0)) as listener:

            def hang_up() -> None:
                heard, _address = listener.accept()
                heard.recv(4096)
                heard.close()

            thread = threading.Thread(target=hang_up)
            thread.start()
            port = listener.getsockname()[1]
            with pytest.raises(NotSent) as broken:
                say(chat_address(f"json://127.0.0.1:{port}/group-token-0123456789", {"json"}), "督办", "一句")
            thread.join()
        assert (broken.value.permanent, broken.value.in_doubt) == (False, True)
    for text in (caplog.text, refused.value.reason, broken.value.reason):
        assert "group-token" not in text


def test_the_library_says_nothing_in_the_log(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        say(gateway.address, "督办", "一句")
        gateway.status = 500
        with pytest.raises(NotSent):
            say(gateway.address, "督办", "一句")
    assert "group-token" not in caplog.text
