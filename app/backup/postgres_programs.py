"""pg_dump and pg_restore, called so that no password stands on a command line: all users of a machine read those."""

import re
import shutil
import subprocess
from pathlib import Path

from psycopg.pq import Conninfo
from sqlalchemy import Connection, Engine, text

from app.backup.faults import BackupFault
from app.settings import child_environment

_HINT = "请安装与数据库服务器同版本的 PostgreSQL 客户端，或用 DUBAN_PG_BIN 指明其所在文件夹。"


def find_program(name: str, folder: Path | None) -> Path:
    """Raises BackupFault when there is none."""
    found = shutil.which(name, path=str(folder) if folder else None)
    if found is None:
        raise BackupFault(f"找不到 {name}{f'（在 {folder} 中）' if folder else ''}。{_HINT}")
    return Path(found)


def check_version(program: Path, connection: Connection) -> None:
    """An older program does not know what a newer server holds. Raises BackupFault."""
    said = _run([str(program), "--version"], {}).stdout
    number = re.search(r"\d+", said)
    server = int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000
    if number is None or int(number.group()) < server:
        raise BackupFault(f"{program} 的版本（{said.strip()}）低于数据库服务器的版本（{server}）。{_HINT}")


def dump(program: Path, engine: Engine, snapshot: str, target: Path) -> None:
    """What the transaction that exported `snapshot` sees, in pg_dump's own compressed format. Raises BackupFault."""
    options = ["--format=custom", "--no-owner", "--no-privileges", "--no-password", f"--snapshot={snapshot}"]
    _checked([str(program), *options, f"--file={target}"], engine, "备份")


def restore(program: Path, engine: Engine, source: Path) -> None:
    """All or nothing. Raises BackupFault."""
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-password"]
    name = str(_arguments(engine).get("dbname", ""))
    _checked([str(program), *options, f"--dbname={name}", str(source)], engine, "恢复")


def _checked(command: list[str], engine: Engine, what: str) -> None:
    done = _run(command, _address(engine))
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if "error" in line] or done.stderr.splitlines() or ["?"]
        raise BackupFault(f"数据库{what}失败：{lines[0]}")


def _run(command: list[str], more: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 (the program is the operator's, the arguments are ours)
        command,
        env=child_environment(LC_ALL="C", **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def _arguments(engine: Engine) -> dict[str, object]:
    return dict(engine.dialect.create_connect_args(engine.url)[1])


def _address(engine: Engine) -> dict[str, str]:
    """The database's address with its password as libpq reads it from the environment."""
    variables = {option.keyword.decode(): option.envvar for option in Conninfo.get_defaults()}
    given = {name: str(value) for name, value in _arguments(engine).items() if value is not None}
    return {variable.decode(): given[name] for name, variable in variables.items() if variable and name in given}
