"""A consistent copy of an SQLite file while others write to it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine

from app.backup.faults import BackupFault


def copy_database(engine: Engine, target: Path) -> None:
    """VACUUM INTO rather than the online backup API: one read transaction, so that writers in WAL mode go on and never
    make it begin again; and what was deleted is not in the copy (GB/T 22239-2019 8.1.4.10, remaining information).
    """
    raw = engine.raw_connection()
    try:
        assert raw.driver_connection is not None
        raw.driver_connection.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as error:
        full = "（磁盘空间不足）" if "full" in str(error) else ""
        raise BackupFault(f"无法复制数据库{full}：{error}。") from error
    finally:
        raw.close()


@contextmanager
def copy_opened(path: Path) -> Iterator[Connection]:
    """For looking at it alone: a file that is opened as usual is changed by that (its journal)."""
    address = f"file:{quote(str(path))}?mode=ro&immutable=1"
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(address, uri=True))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def check_copy(connection: Connection) -> None:
    """Raises BackupFault: what is damaged already must not be laid aside as if it were whole."""
    found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
    if found != "ok":
        raise BackupFault(f"数据库文件已损坏：{found}。请用此前的备份恢复。")
