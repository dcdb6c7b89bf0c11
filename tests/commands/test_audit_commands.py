"""The audit trail at the command line."""

import getpass
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.changes.freeze_overdue_list import freeze_overdue_list
from app.cli import app as duban
from app.db import Database
from app.domain.audit import AuditAction, Channel
from app.models import Region
from app.trail import append_entry
from tests.conftest import NOW, TODAY
from tests.tampering import tamper
from tests.trail import acting, entries, fill, newest

Run = Callable[..., Any]


@pytest.fixture
def run(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    address = database.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("DUBAN_DATABASE_URL", address)
    monkeypatch.setenv("DUBAN_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("DUBAN_TODAY", TODAY.isoformat())
    return lambda *words: CliRunner().invoke(duban, list(words))


def test_verify_counts_the_trail_and_names_what_is_not_as_it_was(run: Run, database: Database) -> None:
    fill(database, 3)
    done = run("verify")
    assert (done.exit_code, "审计记录3条" in done.stdout, "发现差异0处" in done.stdout) == (0, True, True)
    with database.writing() as session:
        tamper(session, "UPDATE audit_entry SET reason = 'x' WHERE chain = 1 AND seq = 2")
    done = run("verify")
    assert done.exit_code == 1
    assert "audit chain 1: entry 2 was changed after it was written" in done.stdout


def test_a_paper_is_compared_with_the_chain(run: Run, database: Database) -> None:
    fill(database, 2)
    with database.writing(acting()) as session:
        frozen = freeze_overdue_list(session, session.get_one(Region, 1), as_of=TODAY, now=NOW, by=None)
        printed = f"{frozen.audit_seq}:{frozen.audit_sha256}"
    for head in (printed, printed[:14], f"第{printed.replace(':', '条：')}", printed.upper()):
        done = run("verify", "--region", "test", "--head", head)
        assert (done.exit_code, "相符" in done.stdout) == (0, True), head
    done = run("verify", "--region", "test", "--head", "1:" + "0" * 64)
    assert done.exit_code == 1
    assert "entry 1 is not the one on the paper" in done.stdout
    for head in ("x", "1:", "1:zz", "1:abc", "9" * 30 + ":" + "0" * 64):
        assert run("verify", "--region", "test", "--head", head).exit_code == 1


def test_the_trail_is_exported_in_pieces_and_says_so(run: Run, database: Database, tmp_path: Path) -> None:
    fill(database, 3)
    file = tmp_path / "trail.jsonl"
    assert run("audit", "export", "--region", "test", "--to", str(file)).exit_code == 0
    # The export is an entry itself, written before what it exports.
    assert [json.loads(line)["seq"] for line in file.read_text("utf-8").splitlines()] == [1, 2, 3, 4]
    told = newest(database)
    assert (told.action, told.channel, told.actor) == (AuditAction.EXPORT, Channel.COMMAND, getpass.getuser())
    assert run("audit", "export", "--region", "test", "--after", "4", "--to", str(file)).exit_code == 0
    assert [json.loads(line)["seq"] for line in file.read_text("utf-8").splitlines()] == [1, 2, 3, 4, 5]
    shown = run("audit", "export", "--system")
    assert shown.exit_code == 0
    assert json.loads(shown.stdout.splitlines()[0])["chain"] == 0


def test_less_than_six_months_is_refused(run: Run) -> None:
    done = run("audit", "shorten", "--months", "5", "--region", "test")
    assert done.exit_code == 1
    assert "至少保留6个月" in done.stderr


def test_shortening_keeps_what_it_takes_away_in_a_file(
    run: Run, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DUBAN_TODAY")
    with database.writing() as session:
        for days in (400, 300, 10):
            made = acting()()
            append_entry(session, type(made)(datetime.now(UTC) - timedelta(days=days), made.action, made.channel, 1))
    file = tmp_path / "old.jsonl"
    done = run("audit", "shorten", "--months", "6", "--region", "test", "--archive", str(file))
    assert (done.exit_code, done.stdout) == (0, "已清理第1至2条。\n")
    assert [json.loads(line)["seq"] for line in file.read_text("utf-8").splitlines()] == [1, 2]
    assert [one.seq for one in entries(database, 1)] == [3, 4]
    assert entries(database, 1)[-1].actor == getpass.getuser()
    assert run("audit", "shorten", "--months", "6", "--region", "test").stdout == "没有早于6个月的审计记录。\n"
    assert run("verify").exit_code == 0
