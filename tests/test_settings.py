"""Every setting is documented, and a bad one stops the start with a sentence."""

import re
from pathlib import Path

import pytest

from app.settings import EXPECTED, PREFIX, BadSettings, Settings, load_settings

ROOT = Path(__file__).resolve().parent.parent
ROW = re.compile(r"^\| `DUBAN_(\w+)` \| (.*?) \| (.*) \|$", re.MULTILINE)


def documented(file: str) -> dict[str, tuple[str, str]]:
    """Setting -> (default as printed, meaning)."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return {name.lower(): (default.strip("`"), meaning) for name, default, meaning in ROW.findall(text)}


def printed_default(name: str) -> str:
    default = Settings.model_fields[name].default
    if default is None:
        return ""
    if name == "digest_time":
        return f"{default:%H:%M}"
    return str(default).lower() if isinstance(default, bool) else str(default)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)


@pytest.mark.parametrize("file", ["README.md", "README.zh.md"])
def test_every_setting_stands_in_the_table_with_its_default(file: str) -> None:
    table = documented(file)
    assert {name: default for name, (default, _meaning) in table.items()} == {
        name: printed_default(name) for name in Settings.model_fields
    }
    assert all(meaning for _default, meaning in table.values())


def test_the_table_says_what_the_code_says() -> None:
    meanings = {name: meaning for name, (_default, meaning) in documented("README.md").items()}
    assert meanings == {name: field.description for name, field in Settings.model_fields.items()}


def test_without_any_variable_the_defaults_hold() -> None:
    assert load_settings() == Settings()
    assert load_settings().database == "sqlite:///var/duban.sqlite3"
    assert load_settings().site == "http://127.0.0.1:8000"


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBAN_TODAY", "")
    assert load_settings().today is None


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "abc", "DUBAN_PORT='abc'：应为1至65535的整数。"),
        ("PORT", "0", "应为1至65535的整数"),
        ("TODAY", "2024-02-30", "DUBAN_TODAY='2024-02-30'：应为2000-01-01至2099-12-31之间的日期，如 2024-11-25。"),
        ("TODAY", "9999-12-31", "应为2000-01-01至2099-12-31之间的日期"),
        ("TODAY", "0001-01-01", "应为2000-01-01至2099-12-31之间的日期"),
        ("DIGEST_TIME", "8:30", "写作HH:MM"),
        ("TIME_ZONE", "Mars/Base", "应为时区名称"),
        ("TIME_ZONE", "../../etc/passwd", "应为时区名称"),
        ("DATABASE_URL", "mysql://localhost", "应以 sqlite:/// 或 postgresql+psycopg:// 开头"),
        ("SMTP_URL", "mail.example.org:25", "应以 smtp://"),
        ("SMTP_URL", "smtp://", "并写明服务器"),
        ("SMTP_URL", "smtp://:25", "并写明服务器"),
        ("SMTP_URL", "smtps://mail.example.org:mail", "应以 smtp://"),
        ("SMTP_URL", "smtp://mail.example.org:70000", "应以 smtp://"),
        ("SMTP_URL", "smtp://mail.example.org\n:25", "应以 smtp://"),
        ("BASE_URL", "duban.example.org", "应为完整网址"),
        ("BASE_URL", "https://", "应为完整网址"),
        ("MAIL_FROM", "nobody", "应为一个邮箱地址"),
        ("MAIL_FROM", "duban@example.org\nBcc: all@example.org", "应为一个邮箱地址"),
        ("MAIL_FROM", "one@example.org,two@example.org", "应为一个邮箱地址"),
        ("MAIL_FROM", "督办@example.org", "应为一个邮箱地址"),
        ("LANGUAGE", "tlh", "应为 zh 或 en"),
        ("LOG_LEVEL", "LOUD", "应为 DEBUG、INFO、WARNING 或 ERROR"),
        ("SECURE_COOKIES", "perhaps", "应为 true 或 false"),
        ("SEPARATE_DUTIES", "sometimes", "应为 true 或 false"),
        ("DATABSE_URL", "sqlite:///x", "DUBAN_DATABSE_URL：没有这项设置"),
    ],
)
def test_a_bad_setting_stops_the_start_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(f"DUBAN_{name}", value)
    with pytest.raises(BadSettings, match=re.escape(sentence)):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_URL", "smtp://mail.example.org"),
        ("SMTP_URL", "smtp+starttls://user:p%40ss@mail.example.org:587"),
        ("SMTP_URL", "smtps://[::1]:465"),
        ("MAIL_FROM", "duban@localhost"),
        ("TODAY", "2099-12-31"),
        ("BASE_URL", "https://duban.example.org:8443/office/"),
    ],
)
def test_a_right_setting_is_taken(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"DUBAN_{name}", value)
    load_settings()


def test_every_setting_has_its_rule_in_words() -> None:
    assert set(EXPECTED) == set(Settings.model_fields)


def test_every_bad_setting_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBAN_PORT", "abc")
    monkeypatch.setenv("DUBAN_TODAY", "tomorrow")
    monkeypatch.setenv("DUBAN_COLOUR", "blue")
    with pytest.raises(BadSettings) as stopped:
        load_settings()
    assert len(str(stopped.value).splitlines()) == 3


def test_a_password_is_not_repeated_in_the_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUBAN_SMTP_URL", "mail://user:geheim@example.org")
    with pytest.raises(BadSettings) as stopped:
        load_settings()
    assert "geheim" not in str(stopped.value)
