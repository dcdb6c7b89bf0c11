"""duban health: sentences for people, exit codes for machines."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app as duban
from app.clock import SystemClock
from app.db import Database
from app.jobs.beat import beat
from app.migrations import migrate
from app.models import DigestRun, Region
from app.models.digest_run import RunKind
from tests.conftest import NOW, TODAY

CALL = CliRunner()


@pytest.fixture
def place(tmp_path: Path) -> dict[str, str]:
    """An office whose last daily run was on Friday; the clock is held on Tuesday morning."""
    database = Database(f"sqlite:///{tmp_path / 'duban.sqlite3'}")
    migrate(database.engine)
    with database.writing() as session:
        region = Region(code="test", name="测试区")
        session.add(region)
        session.flush()
        for kind, day in ((RunKind.DAILY, 22), (RunKind.WEEKLY, 25)):
            made = TODAY.replace(day=day)
            session.add(
                DigestRun(region_id=region.id or 0, kind=kind, run_date=made, made_at=NOW, completed_at=NOW, mails=3)
            )
    wall = SystemClock().wall()
    beat(database, wall, "host:1", wall)
    database.close()
    return {"DUBAN_VAR_DIR": str(tmp_path), "DUBAN_TODAY": "2024-11-26"}


def test_it_says_what_is_wrong_and_ends_with_one(place: dict[str, str]) -> None:
    done = CALL.invoke(duban, ["health"], env=place)
    assert done.exit_code == 1
    assert "定时任务：运行中，最近一次在不到1分钟前。" in done.output
    assert "测试区（test）：有问题；上次每日提醒：2024年11月22日3封；下次：2024年11月26日 08:30" in done.output
    assert "！2024年11月25日08:30应发出的每日提醒尚未发出。" in done.output
    quiet = CALL.invoke(duban, ["health", "--quiet"], env=place)
    assert quiet.exit_code == 1
    assert quiet.output.startswith("test：2024年11月25日08:30应发出的每日提醒尚未发出。")


def test_when_all_is_well_it_ends_with_zero_and_quietly_if_asked(place: dict[str, str]) -> None:
    well = place | {"DUBAN_TODAY": "2024-11-22"}
    done = CALL.invoke(duban, ["health"], env=well)
    assert done.exit_code == 0, done.output
    assert "测试区（test）：正常" in done.output
    quiet = CALL.invoke(duban, ["health", "--quiet"], env=well)
    assert (quiet.exit_code, quiet.output) == (0, "")


def test_where_nothing_can_be_read_it_ends_with_two(tmp_path: Path) -> None:
    for name, content in (("nothing", None), ("broken", b"not a database at all, only some words" * 100)):
        folder = tmp_path / name
        folder.mkdir()
        if content:
            (folder / "duban.sqlite3").write_bytes(content)
        done = CALL.invoke(duban, ["health"], env={"DUBAN_VAR_DIR": str(folder)})
        assert done.exit_code == 2, done.output
        assert done.output.strip()
