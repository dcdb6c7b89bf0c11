"""What goes wrong while a backup is made leaves no half file and does not disturb the office."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from app.backup.manifest import read_manifest
from app.db import Database
from app.migrations import changing_schema, migration_config, newest_revision
from tests.backup.conftest import Office, put_evidence
from tests.conftest import TODAY
from tests.history import History

# What has nothing to do with the kind of database is tried on one.
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def safe(tmp_path: Path) -> Path:
    (tmp_path / "safe").mkdir()
    return tmp_path / "safe"


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """As on a disk that fills up: the system refuses what is written beyond."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_backup_never_overwrites(office: Office, safe: Path) -> None:
    assert office.backup(safe / "one.zip")[0] == 0
    content = (safe / "one.zip").read_bytes()
    code, said = office.backup(safe / "one.zip")
    assert (code, "已经存在，未作备份" in said) == (1, True)
    assert (safe / "one.zip").read_bytes() == content
    assert office.backup(safe)[0] == office.backup(safe)[0] == 0, "in a folder each has a name of its own"
    assert sorted(path.name for path in safe.iterdir()) == [
        "duban-20241125-080000-2.zip",
        "duban-20241125-080000.zip",
        "one.zip",
    ]


@on_sqlite
@pytest.mark.parametrize("target", ["nothing/one.zip", "/proc/one.zip"])
def test_a_place_that_cannot_be_written_to_is_said_in_words(office: Office, safe: Path, target: str) -> None:
    code, said = office.backup(safe / target)
    assert (code, "未作备份" in said) == (1, True)
    assert list(safe.iterdir()) == []


def test_a_full_disk_leaves_no_half_file_and_is_told(office: Office, safe: Path, database: Database) -> None:
    with files_no_larger_than(100_000):
        code, said = office.backup(safe / "one.zip")
    assert code == 1
    assert "失败" in said or "无法" in said
    assert list(safe.iterdir()) == []
    with database.reading() as session:
        told = session.execute(text("SELECT outcome FROM audit_entry WHERE action = 'maintenance'")).scalars().all()
    # On SQLite the trail lies on the same full disk; then the command says so.
    assert told == ["failed"] or "未能记入审计日志" in said


def test_a_missing_and_a_damaged_file_are_named_and_the_rest_is_kept(
    office: Office, safe: Path, database: Database, history: History
) -> None:
    missing = put_evidence(database, office.settings, history.key("甲局"), b"will be lost")
    damaged = put_evidence(database, office.settings, history.key("甲局"), b"will be changed")
    missing.unlink()
    damaged.write_bytes(b"was changed")
    code, said = office.backup(safe / "one.zip")
    assert code == 1
    assert "有2份佐证材料未能备份，其余均已备份" in said
    assert missing.name in said
    assert damaged.name in said
    with zipfile.ZipFile(safe / "one.zip") as archive:
        manifest = read_manifest(archive.read("manifest.json"))
    assert set(manifest.lacking) == {missing.name, damaged.name}
    assert len(manifest.evidence) == 1
    code, said = office.backup(safe / "one.zip", check=True)
    assert (code, missing.name in said) == (1, True), "it says so whenever it is read"


@on_sqlite
def test_killed_half_way_it_leaves_nothing_under_the_final_name(
    office: Office, safe: Path, database: Database, history: History
) -> None:
    # A pipe in the place of a file: whoever reads it waits, so that the process is in the middle for certain.
    path = put_evidence(database, office.settings, history.key("甲局"), b"never comes")
    path.unlink()
    os.mkfifo(path)
    office.use()
    running = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "backup", str(safe / "one.zip")],
        env=dict(os.environ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not any(made.stat().st_size > 10_000 for made in safe.glob(".duban-backup-*/backup.zip")):
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    history.submit(history.key("甲局", phase="第二阶段"), TODAY - timedelta(days=1), complete=False)
    running.send_signal(signal.SIGKILL)
    running.wait()
    (left,) = safe.iterdir()
    assert left.name.startswith(".duban-backup-")
    assert left.stat().st_mode & 0o077 == 0
    path.unlink()
    path.write_bytes(b"never comes")
    assert office.backup(safe / "one.zip")[0] == 0
    assert [found.name for found in safe.iterdir()] == ["one.zip"], "the next run tidies up"
    assert office.verify()[0] == 0


def test_a_backup_before_an_update_takes_the_schema_as_it_is_and_is_updated_when_restored(
    office: Office, elsewhere: Office, safe: Path, empty_database: Database
) -> None:
    config = migration_config()
    with changing_schema(empty_database.engine) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "-1")
    url = empty_database.engine.url.render_as_string(hide_password=False)
    old = Office(office.settings.model_copy(update={"database_url": url}), office.monkeypatch, office.capsys)
    code, said = old.backup(safe / "one.zip")
    assert (code, "不记入审计日志" in said) == (0, True), said
    with empty_database.engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() != newest_revision()
    if elsewhere.settings.database.partition(":")[0] == url.partition(":")[0]:
        code, said = elsewhere.restore(safe / "one.zip")
        assert (code, "发现差异0处" in said) == (0, True), said
        database = Database(elsewhere.settings.database)
        with database.engine.connect() as connection:
            assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == newest_revision()
        database.close()


@on_sqlite
def test_without_an_office_there_is_nothing_to_keep(office: Office, tmp_path: Path, safe: Path) -> None:
    nowhere = office.settings.model_copy(
        update={"var_dir": tmp_path / "none", "database_url": f"sqlite:///{tmp_path / 'none' / 'x.sqlite3'}"}
    )
    code, said = Office(nowhere, office.monkeypatch, office.capsys).backup(safe)
    assert (code, "请先运行：duban init" in said) == (1, True)
    assert not (tmp_path / "none").exists()


# The programs of PostgreSQL


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o700)


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
class TestThePrograms:
    def run(self, office: Office, folder: Path, safe: Path) -> tuple[int, str]:
        changed = office.settings.model_copy(update={"pg_bin": folder})
        return Office(changed, office.monkeypatch, office.capsys).backup(safe / "one.zip")

    def test_a_missing_one_is_said_in_words(self, office: Office, safe: Path, tmp_path: Path) -> None:
        (tmp_path / "bin").mkdir()
        code, said = self.run(office, tmp_path / "bin", safe)
        assert (code, "找不到 pg_dump" in said, "DUBAN_PG_BIN" in said) == (1, True, True)

    def test_one_that_is_older_than_the_server_is_said_in_words(
        self, office: Office, safe: Path, tmp_path: Path
    ) -> None:
        program(tmp_path / "bin", "pg_dump", "echo 'pg_dump (PostgreSQL) 9.6.24'")
        code, said = self.run(office, tmp_path / "bin", safe)
        assert (code, "9.6.24）低于数据库服务器的版本" in said) == (1, True)
        assert list(safe.iterdir()) == []

    def test_what_it_complains_of_is_passed_on(self, office: Office, safe: Path, tmp_path: Path) -> None:
        program(
            tmp_path / "bin",
            "pg_dump",
            '[ "$1" = --version ] && echo "pg_dump (PostgreSQL) 99" && exit\necho "pg_dump: error: no space" >&2; exit 1',
        )
        code, said = self.run(office, tmp_path / "bin", safe)
        assert (code, "数据库备份失败：pg_dump: error: no space" in said) == (1, True)
        assert list(safe.iterdir()) == []

    def test_the_password_stands_in_the_environment_and_not_on_the_command_line(
        self, office: Office, safe: Path, tmp_path: Path
    ) -> None:
        real = office.settings.pg_bin
        assert real is not None
        script = f'echo "$@" >> {tmp_path}/words\nenv >> {tmp_path}/environment\nexec {shutil.which("pg_dump", path=str(real))} "$@"'
        program(tmp_path / "bin", "pg_dump", script)
        assert office.settings.database_url is not None
        with_password = office.settings.database_url.replace("postgres:@", "postgres:geh%20eim@")
        assert with_password != office.settings.database_url
        changed = office.settings.model_copy(update={"pg_bin": tmp_path / "bin", "database_url": with_password})
        code, said = Office(changed, office.monkeypatch, office.capsys).backup(safe / "one.zip")
        assert code == 0, said
        assert "geh" not in (tmp_path / "words").read_text()
        assert "PGPASSWORD=geh eim\n" in (tmp_path / "environment").read_text()
