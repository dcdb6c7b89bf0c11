"""The `duban` command as its users run it: a process of its own in a folder of its own."""

import hashlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from app.cli import app as duban

Run = Callable[..., "subprocess.CompletedProcess[str]"]
START_SECONDS = 90


def environment(folder: Path, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DUBAN_")}
    return kept | {"DUBAN_VAR_DIR": str(folder / "var"), "DUBAN_TODAY": "2024-11-25"} | settings


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which `duban init` and `duban seed` have run."""
    folder = tmp_path_factory.mktemp("cli")
    for verb in ("init", "seed"):
        done = command(folder, verb)
        assert done.returncode == 0, done.stderr
    return folder


def command(folder: Path, *words: str, typed: str | None = None, **settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        env=environment(folder, **settings),
        input=typed,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_help_says_in_chinese_what_each_verb_is_for(seeded: Path) -> None:
    text = command(seeded, "--help").stdout
    for verb in ("init", "seed", "export", "run", "worker", "overdue", "digest", "verify", "user"):
        assert verb in text
    assert "逾期清单" in text


def test_seeding_again_changes_nothing(seeded: Path) -> None:
    done = command(seeded, "seed")
    assert done.stdout.count("已是最新，未作改动") == 5


def test_seeding_is_told_to_each_region_of_its_own_plans_once(seeded: Path) -> None:
    database = sqlite3.connect(seeded / "var" / "duban.sqlite3")
    told = database.execute(
        "SELECT chain, action, subject, actor FROM audit_entry WHERE action IN ('plan_published', 'department')"
    ).fetchall()
    regions = dict(database.execute("SELECT id, name FROM region"))
    plans = database.execute("SELECT region_id, title FROM plan").fetchall()
    database.close()
    assert sorted((chain, subject) for chain, action, subject, _actor in told if action == "plan_published") == sorted(
        plans
    )
    assert {(chain, subject) for chain, action, subject, _actor in told if action == "department"} == {
        (key, f"{name}单位名录") for key, name in regions.items()
    }
    assert len({actor for _chain, _action, _subject, actor in told}) == 1


def test_an_export_is_json_of_the_published_plan(seeded: Path) -> None:
    plan = json.loads(command(seeded, "export", "xicheng-2022").stdout)
    assert (plan["code"], len(plan["tasks"]), len(plan["indicators"])) == ("xicheng-2022", 66, 45)
    assert plan["tasks"][0]["as_printed"]["lead"] == ["区残联", "区卫生健康委"]


def test_an_unknown_plan_is_answered_with_those_there_are(seeded: Path) -> None:
    done = command(seeded, "export", "nothing")
    assert (done.returncode, "xicheng-2022" in done.stderr) == (1, True)


def test_the_overdue_list_is_printed_and_saved(seeded: Path, tmp_path: Path) -> None:
    target = tmp_path / "list.xlsx"
    done = command(seeded, "overdue", "--region", "xicheng", "--xlsx", str(target))
    assert done.returncode == 0, done.stderr
    count = int(done.stdout.rsplit("共", 1)[1].split("项")[0])
    assert count > 0
    sheet = load_workbook(target).worksheets[0]
    assert sheet.max_row >= count


def test_days_that_are_no_days_are_refused_in_words(seeded: Path) -> None:
    for words in (
        ["--as-of", "2024-02-30"],
        ["--as-of", ""],
        ["--as-of", "2030-01-01"],
        ["--as-of", "9999-12-31"],
        ["--as-of", "2024-11-01", "--week", "2024-1"],
        ["--week", "9999-12-31"],
        ["--week", "0001-01-01"],
        ["--week", ""],
    ):
        done = CliRunner().invoke(duban, ["overdue", "--region", "xicheng", *words], env=environment(seeded))
        assert (done.exit_code, done.stdout, type(done.exception)) == (1, "", SystemExit), words
        assert done.stderr


def test_a_day_may_be_written_as_in_the_forms(seeded: Path) -> None:
    for text in ("2024年11月18日", "2024/11/18"):
        done = command(seeded, "overdue", "--region", "xicheng", "--as-of", text)
        assert (done.returncode, "截至2024年11月18日 周一" in done.stdout) == (0, True), done.stderr


def test_a_file_that_cannot_be_saved_is_said_in_words(seeded: Path, tmp_path: Path) -> None:
    for target in (tmp_path, tmp_path / "nothing" / "list.xlsx"):
        done = command(seeded, "overdue", "--region", "xicheng", "--xlsx", str(target))
        assert done.returncode == 1
        assert f"无法保存到 {target}" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_region_must_be_named_where_there_are_several(seeded: Path) -> None:
    done = command(seeded, "overdue")
    assert (done.returncode, "xicheng" in done.stderr) == (1, True)


def test_a_dry_run_sends_nothing(seeded: Path) -> None:
    command(
        seeded,
        "user",
        "add",
        "区教委联络员",
        "--role",
        "liaison",
        "--region",
        "xicheng",
        "--department",
        "区教委",
        "--email",
        "liaison@example.org",
        "--password-stdin",
        typed="long enough\n",
    )
    done = command(seeded, "digest", "--region", "xicheng", "--dry-run")
    assert "<liaison@example.org>" in done.stdout, done.stderr
    assert "共1封，未发送" in done.stdout
    assert not list((seeded / "var" / "mail").glob("*.eml"))


def test_verify_is_clean_after_seeding_and_finds_what_was_tampered_with(tmp_path: Path) -> None:
    command(tmp_path, "init")
    command(tmp_path, "seed")
    clean = command(tmp_path, "verify")
    assert (clean.returncode, "发现差异0处" in clean.stdout) == (0, True)
    with sqlite3.connect(tmp_path / "var" / "duban.sqlite3") as raw:
        raw.execute("UPDATE obligation SET due = '2099-12-31' WHERE id = 7")
    done = command(tmp_path, "verify")
    assert (done.returncode, "obligation 7" in done.stdout) == (1, True)


def test_a_password_that_is_too_short_adds_nobody(seeded: Path) -> None:
    done = command(
        seeded, "user", "add", "某领导", "--role", "leader", "--region", "xicheng", "--password-stdin", typed="short\n"
    )
    assert (done.returncode, "密码至少8位" in done.stderr) == (1, True)


def test_a_new_account_is_let_in_by_a_link_that_is_printed_once(seeded: Path) -> None:
    region = ("--role", "leader", "--region", "xicheng")
    added = command(seeded, "user", "add", "新领导", *region, "--email", "a@example.org")
    assert added.returncode == 0, added.stderr
    first = re.findall(r"http://127.0.0.1:8000/sign-in/link/([\w-]{40,})", added.stdout)
    assert len(first) == 1, "without a mail server no mail leaves this machine"
    again = re.findall(r"/sign-in/link/([\w-]{40,})", command(seeded, "user", "link", "新领导").stdout)
    assert again
    assert again != first
    with sqlite3.connect(seeded / "var" / "duban.sqlite3") as raw:
        asked = "SELECT l.token_sha256, l.purpose FROM one_time_link l JOIN account a ON a.id = l.account_id WHERE a.login = '新领导'"
        kept = raw.execute(asked).fetchall()
    assert kept == [(hashlib.sha256(again[0].encode()).hexdigest(), "first")]
    nobody = command(seeded, "user", "link", "谁也不是")
    assert (nobody.returncode, "没有账号" in nobody.stderr) == (1, True)


def test_a_mistyped_setting_stops_the_start(seeded: Path) -> None:
    done = command(seeded, "verify", DUBAN_TODY="2024-11-25")
    assert (done.returncode, "DUBAN_TODY" in done.stderr) == (1, True)


def test_a_faulty_plan_is_listed_with_file_and_line_and_not_written(seeded: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        "code: new-plan\ntitle: 新规划\nperiod: [2022, 2025]\nregion: xicheng\nstatus: in_force\n"
        "phases:\n  - {name: 一, due: 2025-12-31}\nareas:\n  - {number: '1', title: 甲}\n"
        "tasks:\n  - number: '1'\n    kind: action\n    title: 乙\n    mode: sole\n    lead: [区某局]\n"
        "    milestones:\n      - {phase: 一, due: 2021-12-31}\n",
        encoding="utf-8",
    )
    done = command(seeded, "seed", str(plan))
    assert done.returncode == 1
    assert f"{plan}:15: tasks.0.lead.0: 没有单位“区某局”" in done.stderr
    assert f"{plan}:17: tasks.0.milestones.0.due: 2021-12-31不在规划期" in done.stderr
    assert "没有写明所属领域" in done.stderr
    assert command(seeded, "export", "new-plan").returncode == 1


def test_verbs_that_need_a_database_say_how_to_make_one(tmp_path: Path) -> None:
    done = command(tmp_path, "verify")
    assert (done.returncode, "duban init" in done.stderr) == (1, True)


class Server:
    """`duban run` in a process of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = folder / f"run-{self.port}.log"
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "run"],
                env=environment(folder, DUBAN_PORT=str(self.port)),
                stdout=out,
                stderr=out,
            )
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=10)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            return self.http.get("/health").status_code == 200
        except httpx.TransportError:
            return False

    def sign_in(self, login: str) -> str:
        answer = self.http.post("/sign-in", data={"login": login, "password": "long enough"})
        assert answer.status_code == 303, answer.text
        page = self.http.get("/obligations").text
        return page.split('name="csrf" value="', 1)[1].split('"', 1)[0]

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        self.http.close()
        return self.process.wait(timeout=60)


@pytest.fixture
def office(seeded: Path) -> Iterator[Path]:
    command(
        seeded,
        "user",
        "add",
        "区司法局联络员",
        "--role",
        "liaison",
        "--region",
        "xicheng",
        "--department",
        "区司法局",
        "--password-stdin",
        typed="long enough\n",
    )
    return seeded


def test_an_acknowledged_report_survives_kill_9(office: Path) -> None:
    server = Server(office)
    csrf = server.sign_in("区司法局联络员")
    with sqlite3.connect(office / "var" / "duban.sqlite3") as raw:
        key, revision = raw.execute(
            "SELECT o.id, o.revision FROM obligation o JOIN department d ON d.id = o.department_id"
            " WHERE d.name = '区司法局' AND o.state = 'open' ORDER BY o.id LIMIT 1"
        ).fetchone()
    answer = server.http.post(
        f"/obligations/{key}/updates",
        data={"csrf": csrf, "revision": revision, "kind": "interim", "text": "断电之前的进展", "percent": "40"},
    )
    assert answer.status_code == 303, answer.text
    assert server.end(signal.SIGKILL) == -signal.SIGKILL
    again = Server(office)
    again.sign_in("区司法局联络员")
    assert "断电之前的进展" in again.http.get(f"/obligations/{key}").text
    assert again.end(signal.SIGINT) == 0
    assert command(office, "verify").returncode == 0


def test_ctrl_c_ends_cleanly(office: Path) -> None:
    server = Server(office)
    assert server.end(signal.SIGINT) == 0
    text = server.log.read_text()
    assert "已结束" in text
    assert "Traceback" not in text


def test_a_port_in_use_is_said_in_words(office: Path) -> None:
    server = Server(office)
    done = command(office, "run", DUBAN_PORT=str(server.port))
    assert (done.returncode, "DUBAN_PORT" in done.stderr) == (1, True)
    server.end(signal.SIGTERM)
