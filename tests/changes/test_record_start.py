"""Every start is told, with the settings that are others than at the last start."""

from pathlib import Path

import pytest

from app.changes.record_start import record_start, settings_told
from app.db import Database
from app.domain.audit import AuditAction
from app.settings import Settings
from app.trail import keep_trail
from tests.trail import acting, entries, newest


@pytest.fixture
def watched(database: Database) -> Database:
    keep_trail(database)
    return database


def start(database: Database, settings: Settings) -> None:
    with database.writing(acting(AuditAction.SETTINGS, region_id=None, actor="root")) as session:
        record_start(session, settings, what="网站")


def test_the_first_start_tells_all_settings_and_the_next_only_what_differs(
    watched: Database, settings: Settings
) -> None:
    start(watched, settings)
    first = newest(watched, 0)
    assert (first.action, first.actor, first.subject) == (AuditAction.SETTINGS, "root", "网站")
    assert first.changes[0]["before"] == {}
    assert first.changes[0]["after"]["DUBAN_TIME_ZONE"] == "Asia/Shanghai"
    start(watched, settings)
    assert newest(watched, 0).changes == []
    start(watched, settings.model_copy(update={"upload_max_mb": 50}))
    changed = newest(watched, 0).changes[0]
    assert changed["before"] == {"DUBAN_UPLOAD_MAX_MB": "20"}
    assert changed["after"]["DUBAN_UPLOAD_MAX_MB"] == "50"
    start(watched, settings)
    assert newest(watched, 0).changes[0]["before"] == {"DUBAN_UPLOAD_MAX_MB": "50"}
    assert len(entries(watched, 0)) == 4


def test_secrets_of_settings_are_covered() -> None:
    settings = Settings(
        var_dir=Path("var"),
        database_url="postgresql+psycopg://duban:db-secret@db.example/duban",
        smtp_url="smtp://post:mail-secret@mail.example:25",
    )
    told = settings_told(settings)
    assert "db-secret" not in str(told)
    assert "mail-secret" not in str(told)
    assert told["DUBAN_SMTP_URL"] == "smtp://post:***@mail.example:25"
    secret = {name for name in Settings.model_fields if "secret" in name}
    assert all(told[f"DUBAN_{name.upper()}"] in {"", "***"} for name in secret)
