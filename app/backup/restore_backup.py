"""Puts a backup where there is nothing yet.

Everything is unpacked beside its place and compared with the manifest first; the database comes last, so that an office
that can be opened is whole.
"""

import errno
import os
import shutil
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.backup import postgres_programs as programs
from app.backup.archive import BackupReader
from app.backup.faults import BackupFault, BadBackup, NotEmpty
from app.backup.figures import differences, figures
from app.backup.manifest import EVIDENCE, KEPT, Figures
from app.backup.sqlite_copy import check_copy, copy_opened
from app.backup.workplace import sweep, workplace
from app.db import Database
from app.durable import sync_folder
from app.migrations import known_revisions
from app.settings import Settings

PREFIX = ".duban-restore-"
_IN_A_NEW_DISK = {"lost+found"}
_WORDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def restore_backup(backup: BackupReader, settings: Settings) -> None:
    """Raises BackupFault and leaves nothing behind. The database has the schema that it had."""
    check_fits(backup, settings)
    check_place(settings)
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    check_room(backup, settings)
    with workplace(settings.var_dir, PREFIX) as place:
        _unpack(backup, place)
        if backup.manifest.database == "sqlite":
            _check_sqlite(place / backup.manifest.database_file, backup.manifest.figures)
        else:
            _restore_postgres(place / backup.manifest.database_file, backup.manifest.figures, settings)
        _settle(backup, place, settings)


def check_fits(backup: BackupReader, settings: Settings) -> None:
    """Before anything is read: the right kind of database, and a schema that this program knows."""
    said, wanted = backup.manifest.database, make_url(settings.database).get_backend_name()
    if said != wanted:
        raise BackupFault(
            f"这是{_WORDS[said]}的备份，而设置的数据库是{_WORDS[wanted]}，不能互相恢复。请修改 DUBAN_DATABASE_URL。"
        )
    if backup.manifest.figures.revision not in known_revisions():
        raise BackupFault(f"备份由更新版本的程序（{backup.manifest.program}）制作，本程序不能恢复。请先升级程序。")


def check_place(settings: Settings) -> None:
    """Restoring never overwrites: neither files nor tables. Raises NotEmpty."""
    var = settings.var_dir
    if var.exists():
        sweep(var, PREFIX)
        found = sorted(path.name for path in var.iterdir() if path.name not in _IN_A_NEW_DISK)
        if found:
            raise NotEmpty(f"文件夹 {var} 不是空的（有 {found[0]}），未作恢复。请用 DUBAN_VAR_DIR 指定一个空文件夹。")
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite":
        path = sqlite_path(settings)
        left = next((name for name in _with_journals(path) if name.exists()), None)
        if left is not None:
            raise NotEmpty(f"已有数据库文件 {left}，未作恢复。")
        return
    database = Database(settings.database)
    try:
        with database.engine.connect() as connection:
            tables = connection.execute(
                text(
                    "SELECT count(*) FROM information_schema.tables"
                    " WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
                )
            ).scalar_one()
    finally:
        database.close()
    if tables:
        raise NotEmpty(f"数据库中已有{tables}张表，未作恢复。请新建一个空的数据库。")


def sqlite_path(settings: Settings) -> Path:
    name = make_url(settings.database).database
    if not name or name == ":memory:" or name.startswith("file:"):
        raise BackupFault("DUBAN_DATABASE_URL 应写明普通的文件路径，才能恢复。")
    return Path(name)


def _with_journals(path: Path) -> list[Path]:
    return [path.with_name(path.name + ending) for ending in ("", "-wal", "-shm", "-journal")]


def check_room(backup: BackupReader, settings: Settings) -> None:
    free = shutil.disk_usage(settings.var_dir).free
    if backup.unpacked > free:
        raise BackupFault(
            f"磁盘空间不足，未作恢复：需要{_megabytes(backup.unpacked)} MB，"
            f"{settings.var_dir} 还有{_megabytes(free)} MB。"
        )


def _megabytes(size: int) -> int:
    return -(-size // 1_000_000)


def _unpack(backup: BackupReader, place: Path) -> None:
    for name in backup.manifest.files:
        target = place / name
        if name.startswith(EVIDENCE):
            sha256 = name.removeprefix(EVIDENCE)
            target = place / "evidence" / sha256[:2] / sha256[2:4] / sha256
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            target.chmod(0o600)
            backup.copy(name, file)
            _durable(file)


def _durable(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _check_sqlite(copy: Path, said: Figures) -> None:
    with copy_opened(copy) as connection:
        check_copy(connection)
        _compare(said, figures(connection))


def _restore_postgres(source: Path, said: Figures, settings: Settings) -> None:
    program = programs.find_program("pg_restore", settings.pg_bin)
    database = Database(settings.database)
    try:
        with database.engine.connect() as connection:
            programs.check_version(program, connection)
        programs.restore(program, database.engine, source)
        with database.engine.connect() as connection:
            _compare(said, figures(connection))
    finally:
        database.close()


def _compare(said: Figures, found: Figures) -> None:
    lines = differences(said, found)
    if lines:
        raise BadBackup("恢复出的数据库与清单不符：" + "；".join(lines[:5]))


def _settle(backup: BackupReader, place: Path, settings: Settings) -> None:
    """Into their places, the database last."""
    for name in ("evidence", *KEPT):
        if (place / name).exists():
            (place / name).rename(settings.var_dir / name)
    sync_folder(settings.var_dir)
    if backup.manifest.database != "sqlite":
        return
    target = sqlite_path(settings)
    target.parent.mkdir(parents=True, exist_ok=True)
    _move(place / backup.manifest.database_file, target)
    sync_folder(target.parent)


def _move(source: Path, target: Path) -> None:
    """In one step; onto another disk by a copy that gets its name when it is whole."""
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with workplace(target.parent, PREFIX) as place, (place / "copy").open("w+b") as copy, source.open("rb") as file:
            shutil.copyfileobj(file, copy)
            _durable(copy)
            (place / "copy").chmod(0o600)
            (place / "copy").rename(target)
