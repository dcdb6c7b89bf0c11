"""Every setting is documented, and a bad one stops the start with a sentence."""

import re
from pathlib import Path

import pytest

from app.settings import PREFIX, BadSettings, Settings, load_settings

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
        ("PORT", "abc", "DUBAN_PORT='abc': Input should be a valid integer"),
        ("PORT", "0", "greater than or equal to 1"),
        ("TODAY", "2024-02-30", "day value is outside expected range"),
        ("DIGEST_TIME", "8:30", "HH:MM"),
        ("TIME_ZONE", "Mars/Base", "must be the name of a time zone"),
        ("TIME_ZONE", "../../etc/passwd", "must be the name of a time zone"),
        ("DATABASE_URL", "mysql://localhost", "must begin with sqlite:/// or postgresql+psycopg://"),
        ("SMTP_URL", "mail.example.org:25", "must begin with smtp://"),
        ("BASE_URL", "duban.example.org", "must begin with http:// or https://"),
        ("MAIL_FROM", "nobody", "must be a mail address"),
        ("LANGUAGE", "tlh", "should be 'zh'"),
        ("DATABSE_URL", "sqlite:///x", "DUBAN_DATABSE_URL: no such setting"),
    ],
)
def test_a_bad_setting_stops_the_start_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(f"DUBAN_{name}", value)
    with pytest.raises(BadSettings, match=re.escape(sentence)):
        load_settings()


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
