"""Looks whether reminders go out, and tells it by a second path when they do not: log and webhook.

A worker that is dead cannot say so. So each worker looks in its ticks, and each web process in a thread of its own;
of however many look, one raises an alarm and one tells it (changes/alarms.py).
"""

import logging
import threading
from datetime import datetime, timedelta
from functools import partial

from app.changes.alarms import alarm_waits, claim_alarm, mark_told, raise_and_clear
from app.clock import Clock
from app.db import Database
from app.domain.audit import Act, AuditAction, Channel
from app.i18n import official_language, officially
from app.jobs.alarm_call import NotTaken, call
from app.queries.alarms import open_alarms
from app.queries.health import everything_wrong
from app.settings import Settings
from app.trail import keep_trail

log = logging.getLogger(__name__)

OFTEN = timedelta(minutes=1)
WEB_SECONDS = 180.0  # between two looks of a web process
FIRST_SECONDS = 60.0  # a worker that is started together with it gives its first sign meanwhile
MOST_CALLS = 20  # in one look


def watch(settings: Settings, clock: Clock, database: Database) -> None:
    """One look. Writes nothing when all is as it was."""
    with official_language(settings.language), officially():
        _look(settings, clock, database)
        if settings.alarm_url is not None:
            _tell(settings, clock, database)


def _look(settings: Settings, clock: Clock, database: Database) -> None:
    now = clock.now()
    with database.reading() as session:
        troubles = everything_wrong(
            session,
            now=now,
            wall=clock.wall(),
            at=settings.digest_time,
            tick_seconds=settings.tick_seconds,
            held=clock.held_at is not None,
        )
        known = {alarm.key.rpartition(".")[0] for alarm in open_alarms(session)}
    if {trouble.name for trouble in troubles} == known:
        return
    with database.writing(partial(_act, now)) as session:
        raised = raise_and_clear(session, troubles, now=now, zone=settings.time_zone)
        said = [(alarm.key, alarm.text) for alarm in raised]
    for key, text in said:
        log.error("alarm %s: %s", key, text)
    for name in known - {trouble.name for trouble in troubles}:
        log.warning("alarm %s: mended", name)


def _tell(settings: Settings, clock: Clock, database: Database) -> None:
    for _call in range(MOST_CALLS):
        with database.reading() as session:
            if not alarm_waits(session, clock.now()):
                return
        with database.writing(partial(_act, clock.now())) as session:
            claimed = claim_alarm(session, clock.now())
        if claimed is None:
            return
        error = ""
        try:
            call(settings, claimed)
        except NotTaken as failure:
            error = str(failure)
            log.warning("alarm %s was not taken by the webhook: %s", claimed.key, error)
        with database.writing(partial(_act, clock.now())) as session:
            mark_told(session, claimed, clock.now(), error=error)
        if error:
            return  # another one would not be taken either


def _act(now: datetime) -> Act:
    return Act(now, AuditAction.MAINTENANCE, Channel.WORKER)


class Watcher:
    """For a worker's ticks, which are more frequent than there is need to look."""

    def __init__(self, settings: Settings, clock: Clock, database: Database) -> None:
        self._seen = (settings, clock, database)
        self._clock = clock
        self._looked: datetime | None = None

    def look(self) -> None:
        now = self._clock.wall()
        if self._looked is None or not timedelta(0) <= now - self._looked < OFTEN:
            self._looked = now
            watch(*self._seen)


def watch_beside(settings: Settings, clock: Clock, database: Database, stop: threading.Event) -> threading.Thread:
    """A thread that looks until `stop` is set; it holds up nothing, not even the end of its process."""
    keep_trail(database)

    def run() -> None:
        seconds = FIRST_SECONDS
        while not stop.wait(seconds):
            seconds = WEB_SECONDS
            try:
                watch(settings, clock, database)
            except Exception:
                log.exception("could not look whether reminders go out; the next look follows")

    thread = threading.Thread(target=run, name="watch", daemon=True)
    thread.start()
    return thread
