"""Makes a backup while the office goes on working."""

import errno
import hashlib
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, text

from app.backup import postgres_programs as programs
from app.backup.archive import BackupWriter
from app.backup.faults import BackupFault, NotEmpty
from app.backup.figures import evidence_named, figures
from app.backup.manifest import DATABASES, EVIDENCE, KEPT, Manifest
from app.backup.sqlite_copy import check_copy, copy_database, copy_opened
from app.backup.workplace import workplace
from app.db import Database
from app.documents.evidence_store import EvidenceStore
from app.durable import sync_folder
from app.settings import Settings

PREFIX = ".duban-backup-"


@dataclass(frozen=True, slots=True)
class Made:
    """`sha256` of the whole file, to be noted elsewhere; `size` in bytes."""

    path: Path
    manifest: Manifest
    sha256: str
    size: int


def backup_path(target: Path, settings: Settings, now: datetime) -> Path:
    """A file of its own in a folder, or the very name that was given. Raises NotEmpty."""
    if target.is_dir():
        target = _free_name(target / f"duban-{now.astimezone(ZoneInfo(settings.time_zone)):%Y%m%d-%H%M%S}.zip")
    if os.path.lexists(target):
        raise NotEmpty(f"{target} 已经存在，未作备份：备份从不覆盖已有文件。")
    if not target.parent.is_dir():
        raise BackupFault(f"没有文件夹 {target.parent}，未作备份。")
    return target


def _free_name(wanted: Path) -> Path:
    """A held clock may say the same second many times."""
    later = (wanted.with_stem(f"{wanted.stem}-{number}") for number in itertools.count(2))
    return next(path for path in itertools.chain([wanted], later) if not os.path.lexists(path))


def make_backup(database: Database, settings: Settings, store: EvidenceStore, target: Path, *, now: datetime) -> Made:
    """The database as of one moment, then the files it refers to: they are never changed and never removed.

    A file that is missing or damaged is left out and named in the manifest. Raises BackupFault and OSError; the final
    name is given to a whole and durable file alone.
    """
    with workplace(target.parent, PREFIX) as place:
        made = place / "backup.zip"
        with os.fdopen(os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            with _database_copied(database, settings, place) as (copy, connection):
                said, named = figures(connection), evidence_named(connection)
            with BackupWriter(file, now.astimezone(ZoneInfo(settings.time_zone))) as writer:
                kind = database.engine.dialect.name
                with copy.open("rb") as source:
                    writer.add(DATABASES[kind], source, packed=kind == "sqlite")
                copy.unlink()
                lacking = _add_evidence(writer, store, named)
                for name in KEPT:
                    if (settings.var_dir / name).is_file():
                        with (settings.var_dir / name).open("rb") as source:
                            writer.add(name, source)
                manifest = Manifest(
                    program=version("duban"),
                    made_at=now,
                    database="sqlite" if kind == "sqlite" else "postgresql",
                    figures=said,
                    files=writer.files,
                    lacking=lacking,
                )
                writer.finish(manifest)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        _name(made, target)
    return Made(target, manifest, sha256, size)


@contextmanager
def _database_copied(database: Database, settings: Settings, place: Path) -> Iterator[tuple[Path, Connection]]:
    """The copy, and a connection that sees exactly what is in it."""
    engine = database.engine
    copy = place / DATABASES[engine.dialect.name]
    if engine.dialect.name == "sqlite":
        copy_database(engine, copy)
        with copy_opened(copy) as connection:
            check_copy(connection)
            yield copy, connection
        return
    program = programs.find_program("pg_dump", settings.pg_bin)
    one_moment = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with one_moment.connect() as connection:
        programs.check_version(program, connection)
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        programs.dump(program, engine, snapshot, copy)
        yield copy, connection


def _add_evidence(writer: BackupWriter, store: EvidenceStore, named: list[tuple[str, int]]) -> dict[str, str]:
    """What is wrong with those that could not be taken, by SHA-256."""
    lacking = {}
    for sha256, size in named:
        fault = store.fault(sha256, size)
        if fault:
            lacking[sha256] = fault
            continue
        with store.path(sha256).open("rb") as source:
            mark = writer.add(EVIDENCE + sha256, source)
        if (mark.sha256, mark.size) != (sha256, size):
            raise BackupFault(f"佐证材料 {sha256} 在备份过程中被改动，未作备份。")
    return lacking


def _name(made: Path, target: Path) -> None:
    """A second name for the same file fails where there is one already, which renaming would overwrite."""
    try:
        os.link(made, target)
    except FileExistsError as error:
        raise NotEmpty(f"{target} 已经存在，未作备份：备份从不覆盖已有文件。") from error
    except OSError as error:
        # Disks of other systems know one name per file.
        if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}:
            raise
        if target.exists():
            raise NotEmpty(f"{target} 已经存在，未作备份：备份从不覆盖已有文件。") from error
        made.rename(target)
    sync_folder(target.parent)
