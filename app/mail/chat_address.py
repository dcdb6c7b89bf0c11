"""Addresses of chat groups: what a robot's page shows, as the address by which Apprise writes to it.

Only services of a short list, and of each only the plugin that belongs to it: an address says where this server sends
a request to. Those of 企业微信, 钉钉 and 飞书 hold a token and no host, so they lead to those services alone; json and
jsons name any host, also one within the office's own network, and are off until an operator allows them.
"""

import logging
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit

from app.i18n import gettext as _
from app.i18n import officially

LONGEST = 1000
HINT = 4  # signs of the end that are shown
LEAST_TOKEN = 16  # all of theirs are longer; what is shorter was not copied whole
_PLUGINS = {
    "wecombot": ("apprise.plugins.wecombot", "NotifyWeComBot"),
    "dingtalk": ("apprise.plugins.dingtalk", "NotifyDingTalk"),
    "feishu": ("apprise.plugins.feishu", "NotifyFeishu"),
    "lark": ("apprise.plugins.lark", "NotifyLark"),
    "json": ("apprise.plugins.custom_json", "NotifyJSON"),
    "jsons": ("apprise.plugins.custom_json", "NotifyJSON"),
}
_ROBOTS = frozenset({"wecombot", "dingtalk", "feishu", "lark"})
# It says everything it does, with the address: what is worth saying stands in our own words.
logging.getLogger("apprise").disabled = True
_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{LEAST_TOKEN},200}}")
_HOOK = re.compile(r"/open-apis/bot/v2/hook/([^/]+)/?")


class BadChatAddress(Exception):
    """With a sentence for whoever typed it, which does not repeat the address."""


@dataclass(frozen=True, slots=True)
class ChatAddress:
    """`url` holds the secret. `hint`: its last signs, by which its owner knows it."""

    service: str
    url: str

    @property
    def hint(self) -> str:
        return f"…{self.url.rstrip('/')[-HINT:]}"


def chat_address(typed: str, allowed: Collection[str]) -> ChatAddress:
    """From what Apprise calls the address, or the https address that the robot's page shows. Raises BadChatAddress."""
    text = typed.strip()
    if not text:
        raise BadChatAddress(_("请填写机器人的地址。"))
    if len(text) > LONGEST or not text.isprintable() or not text.isascii() or re.search(r"\s", text):
        raise BadChatAddress(_("地址不正确：应是一行英文字符，从机器人的页面整段复制。"))
    try:
        url = _as_apprise(text)
        parts = urlsplit(url)
        service, named = parts.scheme.lower(), parts.hostname
        _port = parts.port
    except ValueError as error:
        raise BadChatAddress(_("地址不正确：应是一行英文字符，从机器人的页面整段复制。")) from error
    if service not in allowed or service not in _PLUGINS:
        raise BadChatAddress(
            _("不能使用这个地址。可用的有：%(services)s。") % {"services": _("、").join(service_words(allowed))}
        )
    if parts.query or parts.fragment or "?" in url or not named:
        raise BadChatAddress(_("地址不正确：不能带有别的参数。"))
    if service in _ROBOTS and not _TOKEN.fullmatch(_token(url)):
        raise BadChatAddress(_("地址不完整：请从机器人的页面整段复制。"))
    try:
        plugin(ChatAddress(service, url))
    except ValueError as error:
        raise BadChatAddress(_("地址不正确：%(service)s不认这个地址。") % {"service": service_word(service)}) from error
    return ChatAddress(service, url)


def _as_apprise(text: str) -> str:
    """What the pages of the three services show is an https address of theirs."""
    parts = urlsplit(text)
    if parts.scheme.lower() != "https":
        return text
    asked = parse_qs(parts.query)
    hook = _HOOK.fullmatch(parts.path)
    match (parts.hostname or "").lower():
        case "qyapi.weixin.qq.com" if set(asked) == {"key"}:
            return f"wecombot://{asked['key'][0]}"
        case "oapi.dingtalk.com" if set(asked) == {"access_token"}:
            return f"dingtalk://{asked['access_token'][0]}"
        case "open.feishu.cn" if hook:
            return f"feishu://{hook[1]}"
        case "open.larksuite.com" if hook:
            return f"lark://{hook[1]}"
    return text


def _token(url: str) -> str:
    return url.partition("://")[2].rpartition("@")[2].rstrip("/")


def with_signing(address: ChatAddress, secret: str) -> ChatAddress:
    """钉钉's 加签 secret as part of the address. Raises BadChatAddress."""
    if address.service != "dingtalk":
        raise BadChatAddress(
            _("只有钉钉用得到加签密钥。其他机器人请改用“自定义关键词”，填“%(keyword)s”。") % {"keyword": keyword()}
        )
    if not re.fullmatch(r"[A-Za-z0-9]{16,200}", secret):
        raise BadChatAddress(_("加签密钥不正确：应以SEC开头，从机器人的页面整段复制。"))
    return ChatAddress("dingtalk", f"dingtalk://{secret}@{_token(address.url)}")


def plugin(address: ChatAddress, **more: Any) -> Any:
    """Apprise's plugin for this very address. Raises ValueError.

    Not by `Apprise.instantiate`: that loads a hundred and thirty plugins with whatever they import.
    """
    kind = plugin_class(address.service)
    results = kind.parse_url(address.url)
    if not results:
        raise ValueError
    try:
        return kind(**{**results, **more})
    except TypeError as error:  # what Apprise raises for a bad address is one
        raise ValueError from error


@cache
def plugin_class(service: str) -> Any:
    module, name = _PLUGINS[service]
    return getattr(import_module(module), name)


@officially()
def keyword() -> str:
    """Stands in the title of each message, for robots that take only what holds a word that they were told."""
    return _("督办")


def service_word(service: str) -> str:
    return {
        "wecombot": _("企业微信"),
        "dingtalk": _("钉钉"),
        "feishu": _("飞书"),
        "lark": _("Lark"),
        "json": _("本单位网关（json）"),
        "jsons": _("本单位网关（jsons）"),
    }.get(service, service)


def service_words(services: Collection[str]) -> list[str]:
    return [service_word(one) for one in _PLUGINS if one in services]
