"""The worker: a tick that looks into the tables for what is due, makes it, and sends what waits."""

import logging
import signal
import threading
from datetime import UTC, datetime
from types import FrameType

from apscheduler.schedulers.background import BackgroundScheduler
from sqlmodel import col, select

from app.changes.apply_successions import apply_successions
from app.changes.make_digest_run import make_run
from app.clock import Clock, local_day
from app.db import Database
from app.domain.audit import Act, AuditAction, Channel
from app.errors import Overtaken
from app.i18n import official_language, officially
from app.jobs.schedule import DueRun, due_runs
from app.jobs.trail_care import care_for_trail
from app.mail.send import send_one, transport_for
from app.mail.transport import Transport
from app.models import Region
from app.queries.successions import successions_due
from app.settings import Settings
from app.trail import ActMaker, keep_trail

log = logging.getLogger(__name__)


def run_worker(settings: Settings, clock: Clock, database: Database, stop_event: threading.Event) -> None:
    """Works until `stop_event` is set, and finishes what it has in hand then. Any number may run at once."""
    transport = transport_for(settings)
    keep_trail(database)
    log.info("worker started, looks for work every %s s", settings.tick_seconds)
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_job(
        tick,
        "interval",
        seconds=settings.tick_seconds,
        args=(settings, clock, database, transport, stop_event),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,  # a late tick is a tick all the same
    )
    tick(settings, clock, database, transport, stop_event)
    scheduler.start()
    try:
        stop_event.wait()
    finally:
        stop_event.set()  # Ctrl-C arrives as an exception here
        scheduler.shutdown(wait=True)
        log.info("worker stopped")


def stop_on_signals(stop_event: threading.Event) -> None:
    """SIGTERM and SIGINT end the worker after the item in hand. Only a process's main thread may ask for this."""

    def stop(number: int, _frame: FrameType | None) -> None:
        log.info("signal %s: stopping", signal.Signals(number).name)
        # Not from here: the main thread may stand within the event's own lock at this moment.
        threading.Thread(target=stop_event.set, name="stop").start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def tick(
    settings: Settings, clock: Clock, database: Database, transport: Transport, stop_event: threading.Event
) -> None:
    """One look into the tables. Whatever fails is logged and stops neither another region nor the next tick."""
    with official_language(settings.language), officially():
        _tick(settings, clock, database, transport, stop_event)


def _tick(
    settings: Settings, clock: Clock, database: Database, transport: Transport, stop_event: threading.Event
) -> None:
    try:
        make_due_runs(settings, clock, database, stop_event)
    except Exception:
        log.exception("the regions could not be read")
    try:
        care_for_trail(settings, clock, database, stop_event)
    except Exception:
        log.exception("the audit trail could not be looked after; the next tick goes on")
    try:
        while not stop_event.is_set() and send_one(database, transport, clock):
            pass
    except Exception:
        log.exception("sending stopped; the next tick goes on")


def make_due_runs(settings: Settings, clock: Clock, database: Database, stop_event: threading.Event) -> None:
    with database.reading() as session:
        regions = session.exec(select(Region.id).order_by(col(Region.id))).all()
    for region_id in regions:
        if stop_event.is_set():
            return
        try:
            _serve_region(settings, clock, database, region_id or 0)
        except Exception:
            log.exception("region %s: what is due could not be made", region_id)


def _serve_region(settings: Settings, clock: Clock, database: Database, region_id: int) -> None:
    now = clock.now()
    with database.reading() as session:
        region = session.get_one(Region, region_id)
        code, today = region.code, local_day(now, region.time_zone)
        succeeded = successions_due(session, region_id, today)
        due = due_runs(session, region, now=now, at=settings.digest_time)
    if succeeded:
        with database.writing(_act(AuditAction.SUCCESSION, region_id, now)) as session:
            moved = apply_successions(session, session.get_one(Region, region_id), today=today, now=now)
        log.info("%s: %s obligations went to their departments' successors", code, moved)
    for run in due:
        _make(settings, database, region_id, run, now=now, name=f"{code}: {run.kind.value} run of {run.run_date}")


def _act(action: AuditAction, region_id: int, now: datetime) -> ActMaker:
    return lambda: Act(now, action, Channel.WORKER, region_id=region_id)


def _make(settings: Settings, database: Database, region_id: int, run: DueRun, *, now: datetime, name: str) -> None:
    try:
        with database.writing(_act(AuditAction.RUN, region_id, now)) as session:
            region = session.get_one(Region, region_id)
            made = make_run(session, region, run.kind, run.run_date, now=now, by=None, settings=settings)
            mails, late = made.mails, made.late
    except Overtaken:
        log.info("%s was made by somebody else", name)
    except Exception:
        log.exception("%s failed, the next tick tries again", name)
    else:
        log.info("%s made%s, %s mails", name, " late" if late else "", mails)
