"""Every knob of the product, read from `DUBAN_*` variables; the only reader of the environment."""

import os
from datetime import date, time
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "DUBAN_"


class BadSettings(Exception):
    """One sentence per wrong setting; the start stops on it."""


def _database(url: str) -> str:
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        msg = "must begin with sqlite:/// or postgresql+psycopg://"
        raise ValueError(msg)
    return url


def _smtp(url: str | None) -> str | None:
    if url is not None and not url.startswith(("smtp://", "smtps://", "smtp+starttls://")):
        msg = "must begin with smtp://, smtp+starttls:// or smtps://"
        raise ValueError(msg)
    return url


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        msg = "must be the name of a time zone, such as Asia/Shanghai"
        raise ValueError(msg) from error
    return name


def _address(mail: str) -> str:
    if "@" not in mail.strip("@"):
        msg = "must be a mail address"
        raise ValueError(msg)
    return mail


def _web(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        msg = "must begin with http:// or https://"
        raise ValueError(msg)
    return url.rstrip("/")


class Settings(BaseSettings):
    """Field descriptions are the documentation: README's table is checked against them."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True)

    var_dir: Path = Field(
        Path("var"), description="Folder of everything that is stored: database, evidence files, mails"
    )
    database_url: Annotated[str | None, AfterValidator(lambda v: v and _database(v))] = Field(
        None, description="sqlite:///PATH or postgresql+psycopg://…; default: SQLite below the var folder"
    )
    today: date | None = Field(
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
    language: Literal["zh"] = Field("zh", description="Language of screens and mails")
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
        f"{name}: no such setting; there are {', '.join(sorted(known))}."
        for name in sorted(given)
        if name.upper() not in known
    ]
    settings = None
    try:
        settings = Settings()
    except ValidationError as error:
        for item in error.errors():
            name = PREFIX + str(item["loc"][0]).upper() if item["loc"] else PREFIX + "*"
            # An address may hold a password, which has no business in a log.
            given_value = "" if name.endswith("_URL") else f"={item.get('input')!r}"
            meaning = Settings.model_fields[str(item["loc"][0])].description if item["loc"] else ""
            sentences.append(f"{name}{given_value}: {item['msg'].removeprefix('Value error, ')} ({meaning}).")
    if sentences or settings is None:
        raise BadSettings("\n".join(sentences))
    return settings
