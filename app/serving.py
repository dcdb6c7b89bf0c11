"""The web server and the worker in one process, or the web in several."""

import errno
import logging
import socket
import tempfile
import threading
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import uvicorn
from alembic.util import CommandError
from fastapi import FastAPI
from sqlalchemy import func, text
from sqlalchemy.exc import DatabaseError, DBAPIError, InternalError, OperationalError, ProgrammingError
from sqlmodel import select

from app.clock import Clock, HeldClock, SystemClock
from app.connections import ImpatientProtocol
from app.db import Database
from app.migrations import BrokenReferences
from app.models import ObligationEvent
from app.settings import Settings, load_settings

DEMO_OPENS = 8  # before the morning's run, so that it can be looked at, held back or sent by hand
STOP_SECONDS = 30
HEAD_BYTES = 16 * 1024  # of a request; its address and cookies have room in it
GRACE_SECONDS = 10  # a browser that stopped sending in the middle must not hold up the end for ever


class BadMarker(Exception):
    """The file that holds the demonstration's day does not hold a day."""


# What the system says of a folder, in words that say what to look at.
_FOLDER_FAULTS = {
    errno.EACCES: "没有读写权限",
    errno.EPERM: "没有读写权限",
    errno.EROFS: "所在磁盘是只读的",
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "磁盘配额已用完",
    errno.ENOTDIR: "路径中有一段不是文件夹",
    errno.EEXIST: "已有同名文件，不是文件夹",
    errno.EISDIR: "是文件夹，不是文件",
    errno.ENOENT: "路径不存在，也无法建立",
    errno.ENAMETOOLONG: "路径过长",
}
# What SQLite says of its file.
_FILE_FAULTS = {
    "not a database": "不是数据库，或已损坏。请用备份恢复，或用 DUBAN_VAR_DIR 换一个文件夹。",
    "malformed": "已损坏。请用备份恢复。",
    "readonly": "是只读的。请检查文件和所在文件夹的权限。",
    "unable to open": "无法打开。请检查路径和权限。",
    "disk is full": "所在磁盘已满。",
    "disk I/O error": "读写出错。请检查磁盘。",
    "locked": "正被其他程序占用，请稍后再试。",
}
_NO_PRIVILEGE = "42501"  # PostgreSQL's code for a role that may not


def ready_folder(settings: Settings) -> None:
    """The var folder exists and can be written to. Raises OSError."""
    settings.var_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=settings.var_dir):
        pass


def probe_writing(database: Database) -> None:
    """A file that may only be read opens without a word and fails at the first report. Raises what writing raises."""
    with database.engine.connect() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
        connection.rollback()


def start_fault(settings: Settings, error: Exception) -> str | None:
    """What is wrong with folder or database, in a sentence for who starts it; None for anything else."""
    match error:
        case BrokenPipeError():
            return None  # who read our output has seen enough
        case OSError():
            where = error.filename if isinstance(error.filename, str) else settings.var_dir
            return f"无法使用 {where}：{_FOLDER_FAULTS.get(error.errno or 0, error.strerror or error)}。"
        case BadMarker():
            return str(error)
        case BrokenReferences():
            return f"数据库中有记录指向不存在的数据（{error}），未作升级，数据未改动。请用备份恢复后再升级。"
        case CommandError():
            return "数据库是由更新版本的程序建立的，本程序不能使用。请升级程序，或恢复升级前的备份。"
        case DBAPIError() if type(error) in {DatabaseError, InternalError, OperationalError}:
            return _database_fault(settings, str(error.orig))
        case ProgrammingError() if getattr(error.orig, "sqlstate", "") == _NO_PRIVILEGE:
            return f"数据库账号权限不足：{str(error.orig).splitlines()[0]}"
        case _:
            return None


def _database_fault(settings: Settings, said: str) -> str:
    if settings.database.startswith("sqlite:///"):
        path = settings.database.removeprefix("sqlite:///")
        found = next((words for part, words in _FILE_FAULTS.items() if part in said), None)
        return f"数据库文件 {path} {found}" if found else f"无法使用数据库文件 {path}：{said}"
    return f"无法使用数据库：{said.splitlines()[0]}"


def demo_day(settings: Settings) -> date | None:
    """The day at which a demonstration's data are held: every command beside it must see the same day."""
    marker = settings.var_dir / "demo-day"
    if not marker.exists():
        return None
    try:
        return date.fromisoformat(marker.read_text(encoding="utf-8").strip())
    except ValueError as error:
        raise BadMarker(f"{marker} 里应是一个日期，如 2024-11-25；也可以删除这个文件，按真实日期运行。") from error


def clock_for(settings: Settings, database: Database) -> Clock:
    """A held clock goes on behind the last moment on record: a restart must not go back in time."""
    today = settings.today or demo_day(settings)
    if today is None:
        return SystemClock()
    with database.reading() as session:
        last = session.exec(select(func.max(ObligationEvent.recorded_at))).one()
    return HeldClock(today, ZoneInfo(settings.time_zone), last, opens=DEMO_OPENS)


def log_to_stderr(settings: Settings) -> None:
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # These report every step of theirs; their warnings are what an operator needs.
    for noisy in ("alembic", "apscheduler", "httpcore", "httpx", "urllib3", "uvicorn"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLogger().level))


def port_fault(settings: Settings) -> str | None:
    """Why the port cannot be used, or None."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            return error.strerror
    return None


def serve(settings: Settings, database: Database, clock: Clock, *, worker: bool) -> None:
    """Serves until a signal comes, and finishes what is in hand then."""
    from app.jobs.worker import run_worker  # noqa: PLC0415

    stop = threading.Event()
    ticking = threading.Thread(target=run_worker, args=(settings, clock, database, stop), name="worker", daemon=True)
    if worker:
        ticking.start()
    _watch_beside(settings, clock, database, stop)
    try:
        _serve_web(settings, database, clock)
    except KeyboardInterrupt:  # uvicorn has shut down by now and hands the signal on
        pass
    finally:
        stop.set()
        if worker:
            ticking.join(timeout=STOP_SECONDS)


# Whom to believe about addresses is decided inside (routers/where_from.py), for every way of serving alike.
_UVICORN: dict[str, Any] = {
    "http": ImpatientProtocol,
    "ws": "none",
    "proxy_headers": False,
    "log_config": None,
    "access_log": False,
    "server_header": False,
    "h11_max_incomplete_event_size": HEAD_BYTES,
    "timeout_graceful_shutdown": GRACE_SECONDS,
}


def _serve_web(settings: Settings, database: Database, clock: Clock) -> None:
    where: dict[str, Any] = {"host": settings.host, "port": settings.port}
    if settings.web_processes == 1:
        uvicorn.run(_pages(settings, clock, database), **where, **_UVICORN)
        return
    uvicorn.run("app.serving:make_web_app", factory=True, workers=settings.web_processes, **where, **_UVICORN)


def make_web_app() -> FastAPI:
    """One of several web processes: each opens the database for itself."""
    settings = load_settings()
    database = Database(settings.database)
    clock = clock_for(settings, database)
    _watch_beside(settings, clock, database, threading.Event())
    return _pages(settings, clock, database)


def _watch_beside(settings: Settings, clock: Clock, database: Database, stop_event: threading.Event) -> None:
    from app.jobs.watch import watch_beside  # noqa: PLC0415

    watch_beside(settings, clock, database, stop_event)


def _pages(settings: Settings, clock: Clock, database: Database) -> FastAPI:
    """Loading pages and jobs takes longer than everything else: only who serves or works waits for it."""
    from app.main import create_app  # noqa: PLC0415

    return create_app(settings, clock, database)
