"""The web server and the worker in one process, or the web in several."""

import logging
import socket
import threading
from datetime import date
from zoneinfo import ZoneInfo

import uvicorn
from fastapi import FastAPI
from sqlalchemy import func
from sqlmodel import select

from app.clock import Clock, HeldClock, SystemClock
from app.db import Database
from app.jobs.worker import run_worker
from app.main import create_app
from app.models import ObligationEvent
from app.settings import Settings, load_settings

DEMO_OPENS = 8  # before the morning's run, so that it can be looked at, held back or sent by hand
STOP_SECONDS = 30
GRACE_SECONDS = 10  # a browser that stopped sending in the middle must not hold up the end for ever


def demo_day(settings: Settings) -> date | None:
    """The day at which a demonstration's data are held: every command beside it must see the same day."""
    marker = settings.var_dir / "demo-day"
    return date.fromisoformat(marker.read_text().strip()) if marker.exists() else None


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
    for noisy in ("alembic", "apscheduler", "uvicorn"):
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
    stop = threading.Event()
    ticking = threading.Thread(target=run_worker, args=(settings, clock, database, stop), name="worker", daemon=True)
    if worker:
        ticking.start()
    try:
        _serve_web(settings, database, clock)
    except KeyboardInterrupt:  # uvicorn has shut down by now and hands the signal on
        pass
    finally:
        stop.set()
        if worker:
            ticking.join(timeout=STOP_SECONDS)


def _serve_web(settings: Settings, database: Database, clock: Clock) -> None:
    if settings.web_processes == 1:
        served = create_app(settings, clock, database)
        uvicorn.run(
            served,
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        return
    uvicorn.run(
        "app.serving:make_web_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.web_processes,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def make_web_app() -> FastAPI:
    """One of several web processes: each opens the database for itself."""
    settings = load_settings()
    database = Database(settings.database)
    return create_app(settings, clock_for(settings, database), database)
