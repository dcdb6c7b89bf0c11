"""Tells an alarm to the address that the operator has named: an office's webhook, or a chat robot."""

from urllib.parse import urlsplit

import httpx

from app.changes.alarms import Claimed
from app.i18n import gettext as _
from app.mail.chat import say
from app.mail.chat_address import BadChatAddress, ChatAddress, chat_address
from app.mail.transport import NotSent
from app.settings import ALARM_SCHEMES, Settings

TIMEOUT = httpx.Timeout(10.0, connect=5.0)
_SUCCESS = range(200, 300)


class NotTaken(Exception):
    """In a sentence that does not hold the address, which may hold a token."""


def call(settings: Settings, alarm: Claimed) -> None:
    """Raises NotTaken. No redirect is followed: what is told here is for nobody else."""
    assert settings.alarm_url is not None, "only where there is somebody to be told"
    url = settings.alarm_url.get_secret_value()
    title = _("督办告警解除") if alarm.cleared_at else _("督办告警")
    said = _("已恢复正常，无须处理。此前的告警：%(text)s") % {"text": alarm.text} if alarm.cleared_at else alarm.text
    robot = _robot(url)
    if robot is not None:
        try:
            say(robot, title, f"{said}\n{settings.site}/manage/alarms")
        except NotSent as error:
            raise NotTaken(error.reason) from error
        return
    body = {
        "text": f"{title}：{said}",
        "state": "cleared" if alarm.cleared_at else "raised",
        "key": alarm.key,
        "region": _region(alarm),
        "raised_at": alarm.raised_at.isoformat(),
        "cleared_at": alarm.cleared_at.isoformat() if alarm.cleared_at else None,
        "site": settings.site,
    }
    try:
        # Streamed and not read: what it says is nothing to us, however long.
        with httpx.stream(
            "POST", url, json=body, timeout=TIMEOUT, follow_redirects=False, headers={"User-Agent": "Duban"}
        ) as answer:
            status = answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise NotTaken(_("无法连接：%(error)s") % {"error": type(error).__name__}) from error
    if status not in _SUCCESS:
        raise NotTaken(f"HTTP {status}")


def _robot(url: str) -> ChatAddress | None:
    """Its https address, too: a robot says 200 to what it does not understand."""
    try:
        return chat_address(url, ALARM_SCHEMES - {"http", "https"})
    except BadChatAddress:
        if urlsplit(url).scheme not in {"http", "https"}:
            raise NotTaken(_("机器人的地址不正确（DUBAN_ALARM_URL）。")) from None
        return None


def _region(alarm: Claimed) -> str:
    """Its code, which stands in the key; empty for what concerns all regions."""
    return alarm.key.rsplit(".", 2)[-2] if alarm.region_id is not None else ""
