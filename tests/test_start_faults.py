"""What is wrong with folder or database stops every verb with a sentence: no traceback, and an exit code."""

import os
import sqlite3
from pathlib import Path

import pytest

from tests.test_cli import command


def refused(folder: Path, *words: str, **settings: str) -> str:
    done = command(folder, *words, **settings)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    assert "│" not in done.stderr, "no pretty traceback either"
    assert len(done.stderr.strip().splitlines()) == 1
    return done.stderr


@pytest.mark.parametrize("verb", ["init", "run", "seed"])
def test_a_var_folder_that_is_a_file(tmp_path: Path, verb: str) -> None:
    (tmp_path / "var").write_text("no folder")
    assert "已有同名文件，不是文件夹" in refused(tmp_path, verb)


def test_a_var_folder_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("no folder")
    said = refused(tmp_path, "init", DUBAN_VAR_DIR=str(tmp_path / "notes" / "var"))
    assert "路径中有一段不是文件夹" in said


def test_a_var_folder_that_nobody_can_write_to(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var").chmod(0o500)
    # The administrator of a machine may write everywhere but into the kernel's own folder.
    where = "/proc/duban" if os.geteuid() == 0 else str(tmp_path / "var")
    said = refused(tmp_path, "init", DUBAN_VAR_DIR=where)
    assert said.startswith(f"无法使用 {where}")


@pytest.mark.parametrize("verb", ["init", "verify", "run", "worker"])
def test_a_file_that_is_no_database(tmp_path: Path, verb: str) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "duban.sqlite3").write_bytes(b"this is a letter and no database " * 400)
    said = refused(tmp_path, verb)
    assert "duban.sqlite3 不是数据库，或已损坏。请用备份恢复" in said


def test_a_database_with_a_torn_page(tmp_path: Path) -> None:
    assert command(tmp_path, "init").returncode == 0
    path = tmp_path / "var" / "duban.sqlite3"
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\xff" * 3996
    path.write_bytes(content)
    assert "已损坏。请用备份恢复" in refused(tmp_path, "verify")


def test_a_database_that_may_only_be_read(tmp_path: Path) -> None:
    assert command(tmp_path, "init").returncode == 0
    url = f"sqlite:///file:{tmp_path / 'var' / 'duban.sqlite3'}?mode=ro&uri=true"
    for verb in ("init", "run"):
        assert "是只读的。请检查文件和所在文件夹的权限" in refused(tmp_path, verb, DUBAN_DATABASE_URL=url)


def test_a_database_of_a_newer_version(tmp_path: Path) -> None:
    assert command(tmp_path, "init").returncode == 0
    with sqlite3.connect(tmp_path / "var" / "duban.sqlite3") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '2099_01_01'")
    assert "由更新版本的程序建立" in refused(tmp_path, "verify")


def test_a_database_server_that_does_not_answer(tmp_path: Path) -> None:
    said = refused(tmp_path, "verify", DUBAN_DATABASE_URL="postgresql+psycopg://duban@127.0.0.1:1/duban")
    assert said.startswith("无法使用数据库：")


def test_a_marker_of_the_demonstration_that_is_no_day(tmp_path: Path) -> None:
    assert command(tmp_path, "init").returncode == 0
    (tmp_path / "var" / "demo-day").write_text("tomorrow")
    assert "应是一个日期" in refused(tmp_path, "verify", DUBAN_TODAY="")
