"""Every knob of the product, read from `DUBAN_*` variables; the only reader of the environment."""

import os
import re
from datetime import date, time
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, ValidationError, ValidationInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "DUBAN_"


class BadSettings(Exception):
    """One sentence per wrong setting; the start stops on it."""


LEAST_AUDIT_MONTHS, MOST_AUDIT_MONTHS = 6, 1200  # Cybersecurity Law, article 21: six months at least
# A held clock counts forward from its day (extensions, lists of the year) and back to the beginning of the plans.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
_PORTS = range(1, 65536)
LONGEST_ISSUER = 200  # with the subject it makes one key of an account


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


def _inbox(url: str | None) -> str | None:
    """A mailbox at a server with its user, or the absolute path of a maildir on this machine."""
    if url is None:
        return None
    parts = urlsplit(url)
    if not url.isprintable():
        raise ValueError
    if parts.scheme == "maildir":
        if parts.netloc or not parts.path.strip("/"):
            raise ValueError
        return url
    if parts.scheme not in {"imap", "imaps", "imap+starttls"} or not parts.hostname or not _is_one_word(url):
        raise ValueError
    if not parts.username or not parts.password or parts.query or parts.fragment:
        raise ValueError
    if parts.port is not None and parts.port not in _PORTS:
        raise ValueError
    return url


def _authserv_id(name: str) -> str:
    """RFC 8601, 2.2: as a rule a host name."""
    if not _HOST.fullmatch(name):
        raise ValueError
    return name.lower()


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


_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _hosts(text: str) -> str:
    if not all(_HOST.fullmatch(name) for name in _parts(text)):
        raise ValueError
    return text


def _networks(text: str) -> str:
    """No names and no "*": whoever is trusted here writes any address he likes into the audit trail."""
    for part in _parts(text):
        ip_network(part)
    return text


def _folder(path: Path | None) -> Path | None:
    if path is not None and not path.is_dir():
        raise ValueError
    return path


# What the plugins of app/mail/chat_address.py can write to; a test compares both.
CHAT_SERVICES = ("wecombot", "dingtalk", "feishu", "lark", "json", "jsons")
ALARM_SCHEMES = frozenset({"http", "https", "wecombot", "dingtalk", "feishu", "lark"})
# The roles of `AccountRole`, which lies above this floor; a test compares both.
ROLES = ("admin", "secretariat", "liaison", "head", "leader", "expert", "security", "auditor")


def _roles(text: str) -> str:
    if not set(_parts(text)) <= set(ROLES):
        raise ValueError
    return text


def _issuer(url: str | None) -> str | None:
    """As the provider writes it, to the last slash. In the clear only on this machine: a secret and codes go there."""
    if url is None:
        return None
    parts = urlsplit(_web(url))
    here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.query or parts.fragment or len(url) > LONGEST_ISSUER or not (parts.scheme == "https" or here):
        raise ValueError
    return url


def _client(name: str | None, info: ValidationInfo) -> str | None:
    """A provider without a name for us at it, or the other way round, could not be asked."""
    if (name is None) != (info.data.get("oidc_issuer") is None):
        raise ValueError
    return name


def _only(only: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 (pydantic hands it over so)
    """Without a provider nobody but administrators could come in at all."""
    if only and info.data.get("oidc_issuer") is None:
        raise ValueError
    return only


def _alarm(url: SecretStr | None) -> SecretStr | None:
    """A webhook of the office, or a chat robot as Apprise writes its address."""
    if url is None:
        return None
    text = url.get_secret_value()
    parts = urlsplit(text)
    if parts.scheme not in ALARM_SCHEMES or not parts.hostname or not _is_one_word(text) or not text.isascii():
        raise ValueError
    if parts.port is not None and parts.port not in _PORTS:
        raise ValueError
    return url


def _services(text: str) -> str:
    if not set(_parts(text)) <= set(CHAT_SERVICES):
        raise ValueError
    return text


def _day(day: date | None) -> date | None:
    if day is not None and not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError
    return day


def _audit_months(months: int) -> int:
    if months and not LEAST_AUDIT_MONTHS <= months <= MOST_AUDIT_MONTHS:
        raise ValueError
    return months


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
    "inbox_url": "应为 imaps://用户:密码@服务器:993/INBOX（或 imap+starttls://、imap://），或 maildir:///文件夹的完整路径",
    "inbox_seconds": "应为10至3600的整数（秒）",
    "inbox_trusts": "应为本单位邮件服务器在 Authentication-Results 中的名称，如 mx.example.gov.cn",
    "upload_max_mb": "应为1至500的整数（兆字节）",
    "session_idle_minutes": "应为5至1440的整数（分钟）",
    "session_hours": "应为1至168的整数（小时）",
    "password_profile": "应为 asvs 或 djbh",
    "password_days": "应为1至365的整数（天）",
    "link_hours": "应为1至168的整数（小时）",
    "report_link_days": "应为1至30的整数（天）",
    "digest_time": "应为时刻，写作HH:MM，如 08:30",
    "tick_seconds": "应为1至3600的整数（秒）",
    "web_processes": "应为1至64的整数",
    "secure_cookies": "应为 true 或 false",
    "separate_duties": "应为 true 或 false",
    "allowed_hosts": "应为主机名，多个以逗号分隔，如 duban.example.gov.cn",
    "trusted_proxies": "应为IP地址或网段，多个以逗号分隔，如 127.0.0.1,10.0.0.0/24",
    "hsts_days": "应为0至730的整数（天）",
    "pg_bin": "应为已有的文件夹，其中有 pg_dump 和 pg_restore",
    "second_factor_roles": f"应为角色代码，多个以逗号分隔。可用的有：{'、'.join(ROLES)}",
    "oidc_issuer": "应为身份认证系统的完整网址（issuer），以 https:// 开头，与其发布的一字不差",
    "oidc_client_id": "与 DUBAN_OIDC_ISSUER 须同时设置或同时不设置",
    "oidc_client_secret": "应为身份认证系统发给本系统的密钥",
    "oidc_name": "应为1至30个字的名称，如 统一身份认证",
    "oidc_match": "应为 email，或身份令牌中写有登录名的一项，如 preferred_username",
    "oidc_only": "应为 true 或 false；设为 true 时须设置 DUBAN_OIDC_ISSUER",
    "language": "应为 zh 或 en",
    "audit_months": "应为0（永久保存）或6至1200的整数（月）",
    "alarm_url": "应为 http:// 或 https:// 开头的网址，或群机器人的地址，如 wecombot://机器人的key",
    "chat_services": f"应为服务代码，多个以逗号分隔。可用的有：{'、'.join(CHAT_SERVICES)}",
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
    inbox_url: Annotated[str | None, AfterValidator(_inbox)] = Field(
        None,
        description="Mailbox that answers and bounces come to: imaps://, imap+starttls:// or"
        " imap://USER:PASSWORD@HOST:PORT/FOLDER, or maildir:///PATH; default: none is read",
    )
    inbox_seconds: int = Field(60, ge=10, le=3600, description="How often the worker reads that mailbox")
    inbox_trusts: Annotated[str | None, AfterValidator(lambda v: v and _authserv_id(v))] = Field(
        None,
        description="Name under which the office's own mail server writes Authentication-Results: what failed DMARC,"
        " SPF or DKIM there is no answer; default: not looked at",
    )
    upload_max_mb: int = Field(20, ge=1, le=500, description="Largest evidence file in megabytes")
    session_idle_minutes: int = Field(60, ge=5, le=1440, description="Signed out after so many minutes without a page")
    session_hours: int = Field(12, ge=1, le=168, description="Signed out so many hours after signing in")
    password_profile: Literal["asvs", "djbh"] = Field(
        "asvs",
        description="What passwords must be like: asvs (length alone) or djbh (等保: three kinds of signs, change)",
    )
    password_days: int = Field(90, ge=1, le=365, description="With djbh a password must be changed after so many days")
    link_hours: int = Field(
        24, ge=1, le=168, description="A mailed link that resets a password works for so many hours"
    )
    report_link_days: int = Field(
        7, ge=1, le=30, description="A link in a reminder reports without signing in for so many days"
    )
    digest_time: time = Field(time(8, 30), description="Local time of the daily digest and the weekly list, HH:MM")
    tick_seconds: int = Field(20, ge=1, le=3600, description="How often the worker looks for due work")
    web_processes: int = Field(1, ge=1, le=64, description="Number of web processes")
    secure_cookies: bool = Field(
        default=False, description="Send the session cookie over https only; set it wherever https is used"
    )
    separate_duties: bool = Field(
        default=False, description="System, security and audit administration lie in different hands (三员分立)"
    )
    allowed_hosts: Annotated[str, AfterValidator(_hosts)] = Field(
        "",
        description="Names under which it is reached besides the one in DUBAN_BASE_URL, separated by commas; checked"
        " where that one is set",
    )
    trusted_proxies: Annotated[str, AfterValidator(_networks)] = Field(
        "127.0.0.1",
        description="Addresses or networks of proxies whose X-Forwarded-For is believed, separated by commas",
    )
    hsts_days: int = Field(
        0, ge=0, le=730, description="Browsers use https alone for so many days (HSTS); 0 does not ask for it"
    )
    pg_bin: Annotated[Path | None, AfterValidator(_folder)] = Field(
        None, description="Folder of pg_dump and pg_restore for backups on PostgreSQL; default: the search path"
    )
    second_factor_roles: Annotated[str, AfterValidator(_roles)] = Field(
        "",
        description="Roles that must have a second factor (one-time codes), separated by commas, e.g. secretariat",
    )
    oidc_issuer: Annotated[str | None, AfterValidator(_issuer)] = Field(
        None, description="Address (issuer) of the office's identity provider, OpenID Connect; default: none"
    )
    oidc_client_id: Annotated[str | None, AfterValidator(_client)] = Field(
        None, validate_default=True, description="What Duban is called at the provider (client_id)"
    )
    oidc_client_secret: SecretStr | None = Field(
        None, description="Duban's secret at the provider; none for a public client, which PKCE protects alone"
    )
    oidc_name: Annotated[str, StringConstraints(min_length=1, max_length=30, strip_whitespace=True)] = Field(
        "统一身份认证", description="What the provider is called on the sign-in page"
    )
    oidc_match: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:/-]{1,100}$")] = Field(
        "email",
        description="Finds the account at the first sign-in: email (verified), or a claim that holds the login, e.g."
        " preferred_username",
    )
    oidc_only: Annotated[bool, AfterValidator(_only)] = Field(
        default=False, description="Passwords are for the administrators alone, everybody else comes by the provider"
    )
    language: Literal["zh", "en"] = Field(
        "zh", description="Language of mails, documents and records, and of pages until a reader chooses another"
    )
    audit_months: Annotated[int, AfterValidator(_audit_months)] = Field(
        0, description="Months for which the audit trail is kept, at least 6; 0 keeps it for ever"
    )
    alarm_url: Annotated[SecretStr | None, AfterValidator(_alarm)] = Field(
        None,
        description="Where alarms go when reminders are not sent: an https address that takes JSON, or a chat robot,"
        " e.g. wecombot://KEY; default: log and pages alone",
    )
    chat_services: Annotated[str, AfterValidator(_services)] = Field(
        "wecombot,dingtalk,feishu",
        description="Chat services that channels may use, separated by commas: wecombot, dingtalk, feishu, lark, and"
        " json or jsons for a gateway of the office",
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
    def answers_to(self) -> str | None:
        """Where answers to reminders are read: the mailbox's own address where its user is one, else the sender's."""
        if self.inbox_url is None:
            return None
        user = unquote(urlsplit(self.inbox_url).username or "")
        return user if re.fullmatch(r"[\w.+-]+@[\w.-]+", user, re.ASCII) else self.mail_from

    @property
    def host_names(self) -> frozenset[str]:
        """Under which names browsers reach it, in small letters; empty where nobody has said."""
        own = urlsplit(self.base_url).hostname if self.base_url else None
        return frozenset({own.lower(), *(name.lower() for name in _parts(self.allowed_hosts))} if own else ())

    @property
    def proxies(self) -> list[str]:
        return _parts(self.trusted_proxies)

    @property
    def factor_roles(self) -> frozenset[str]:
        return frozenset(_parts(self.second_factor_roles))

    @property
    def chats(self) -> frozenset[str]:
        return frozenset(_parts(self.chat_services))

    @property
    def evidence_dir(self) -> Path:
        return self.var_dir / "evidence"

    @property
    def mail_dir(self) -> Path:
        return self.var_dir / "mail"


def child_environment(**more: str) -> dict[str, str]:
    """What a program that we call finds in its environment: nothing of our own secrets."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)} | more


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
            given_value = "" if name.endswith(("_URL", "_SECRET")) else f"={item.get('input')!r}"
            sentences.append(f"{name}{given_value}：{EXPECTED.get(field, '取值不正确')}。")
    if sentences or settings is None:
        raise BadSettings("\n".join(sentences))
    return settings
