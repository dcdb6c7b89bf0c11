"""Every knob of the product, read from `DUBAN_*` variables; the only reader of the environment."""

import os
import re
from datetime import date, time
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "DUBAN_"


class BadSettings(Exception):
    """One sentence per wrong setting; the start stops on it."""


# A held clock counts forward from its day (extensions, lists of the year) and back to the beginning of the plans.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
_PORTS = range(1, 65536)


def _database(url: str) -> str:
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError
    return url


def _smtp(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps", "smtp+starttls"} or not parts.hostname or not _is_one_word(url):
        raise ValueError
    if parts.port is not None and parts.port not in _PORTS:  # asking for a port that is no number raises, too
        raise ValueError
    return url


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError from error
    return name


def _address(mail: str) -> str:
    """It stands in the header of every mail: nothing that ends a line, nothing that names a second person."""
    if not (mail.isascii() and _is_one_word(mail) and re.fullmatch(r"[^@<>\"(),;:\[\]\\]+@[\w.-]+", mail)):
        raise ValueError
    return mail


def _web(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not _is_one_word(url):
        raise ValueError
    return url.rstrip("/")


def _is_one_word(text: str) -> bool:
    return text.isprintable() and " " not in text


def _day(day: date | None) -> date | None:
    if day is not None and not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError
    return day


# What each setting must be, in the language of the command line: the whole rule, whatever part of it was broken.
EXPECTED = {
    "var_dir": "应为文件夹的路径，如 var",
    "database_url": "应以 sqlite:/// 或 postgresql+psycopg:// 开头",
    "today": f"应为{FIRST_DAY}至{LAST_DAY}之间的日期，如 2024-11-25",
    "time_zone": "应为时区名称，如 Asia/Shanghai",
    "host": "应为本机地址，如 127.0.0.1",
    "port": "应为1至65535的整数",
    "base_url": "应为完整网址，以 http:// 或 https:// 开头，如 https://duban.example.gov.cn",
    "smtp_url": "应以 smtp://、smtp+starttls:// 或 smtps:// 开头，并写明服务器，如 smtp://mail.example.gov.cn:25",
    "mail_from": "应为一个邮箱地址，如 duban@example.gov.cn",
    "upload_max_mb": "应为1至500的整数（兆字节）",
    "session_idle_minutes": "应为5至1440的整数（分钟）",
    "session_hours": "应为1至168的整数（小时）",
    "digest_time": "应为时刻，写作HH:MM，如 08:30",
    "tick_seconds": "应为1至3600的整数（秒）",
    "web_processes": "应为1至64的整数",
    "secure_cookies": "应为 true 或 false",
    "language": "应为 zh 或 en",
    "log_level": "应为 DEBUG、INFO、WARNING 或 ERROR",
}


class Settings(BaseSettings):
    """Field descriptions are the documentation: README's table is checked against them."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True)

    var_dir: Path = Field(
        Path("var"), description="Folder of everything that is stored: database, evidence files, mails"
    )
    database_url: Annotated[str | None, AfterValidator(lambda v: v and _database(v))] = Field(
        None, description="sqlite:///PATH or postgresql+psycopg://…; default: SQLite below the var folder"
    )
    today: Annotated[date | None, AfterValidator(_day)] = Field(
        None, description="Holds the clock at this day (demonstrations and tests), e.g. 2024-11-25"
    )
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        "Asia/Shanghai", description="Zone of the held clock and of the log; regions carry their own"
    )
    host: str = Field("127.0.0.1", description="Address the web server listens on")
    port: int = Field(8000, ge=1, le=65535, description="Port the web server listens on")
    base_url: Annotated[str | None, AfterValidator(lambda v: v and _web(v))] = Field(
        None, description="Address that links in mails begin with; default: http://HOST:PORT"
    )
    smtp_url: Annotated[str | None, AfterValidator(_smtp)] = Field(
        None,
        description="smtp://, smtp+starttls:// or smtps://USER:PASSWORD@HOST:PORT; default: files in var/mail",
    )
    mail_from: Annotated[str, AfterValidator(_address)] = Field(
        "duban@localhost.localdomain", description="Sender address of all mails"
    )
    upload_max_mb: int = Field(20, ge=1, le=500, description="Largest evidence file in megabytes")
    session_idle_minutes: int = Field(60, ge=5, le=1440, description="Signed out after so many minutes without a page")
    session_hours: int = Field(12, ge=1, le=168, description="Signed out so many hours after signing in")
    digest_time: time = Field(time(8, 30), description="Local time of the daily digest and the weekly list, HH:MM")
    tick_seconds: int = Field(20, ge=1, le=3600, description="How often the worker looks for due work")
    web_processes: int = Field(1, ge=1, le=64, description="Number of web processes")
    secure_cookies: bool = Field(
        default=False, description="Send the session cookie over https only; set it wherever https is used"
    )
    language: Literal["zh", "en"] = Field(
        "zh", description="Language of mails, documents and records, and of pages until a reader chooses another"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe message that is logged"
    )

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.var_dir / 'duban.sqlite3'}"

    @property
    def site(self) -> str:
        return self.base_url or f"http://{self.host}:{self.port}"

    @property
    def evidence_dir(self) -> Path:
        return self.var_dir / "evidence"

    @property
    def mail_dir(self) -> Path:
        return self.var_dir / "mail"


def load_settings() -> Settings:
    """Raises BadSettings: an unknown DUBAN_ variable is a mistyped one and would be ignored in silence."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    given = {name for name in os.environ if name.upper().startswith(PREFIX)}
    sentences = [
        f"{name}：没有这项设置。可用的有：{'、'.join(sorted(known))}。"
        for name in sorted(given)
        if name.upper() not in known
    ]
    settings = None
    try:
        settings = Settings()
    except ValidationError as error:
        for item in error.errors():
            field = str(item["loc"][0]) if item["loc"] else ""
            name = PREFIX + field.upper()
            # An address may hold a password, which has no business in a log.
            given_value = "" if name.endswith("_URL") else f"={item.get('input')!r}"
            sentences.append(f"{name}{given_value}：{EXPECTED.get(field, '取值不正确')}。")
    if sentences or settings is None:
        raise BadSettings("\n".join(sentences))
    return settings
