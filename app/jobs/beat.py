"""The worker's sign of life: a row per worker, so that somebody else can see that none is at work.

Signs are given and read by the real moment (`Clock.wall`): each process holds a held clock at a place of its own.
"""

import os
import socket
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlmodel import col, select

from app.clock import Clock
from app.db import Database
from app.models import WorkerBeat

OFTEN = timedelta(seconds=15)  # between two signs in the middle of a long tick
FORGOTTEN = timedelta(days=30)
FAULT_LIMIT = 1000


def worker_name() -> str:
    """Host and process: no two that work at the same time have the same."""
    return f"{socket.gethostname()[:150]}:{os.getpid()}"


def beat(
    database: Database,
    now: datetime,
    name: str,
    started_at: datetime,
    fault: str = "",
    *,
    inbox_at: datetime | None = None,
) -> None:
    """`fault`: what the tick could not do, in a sentence without secrets. `inbox_at`: when it read the mailbox."""
    # Without an act: a mark of presence is nobody's, and the trail would get an entry at every tick.
    with database.writing() as session:
        row = session.exec(select(WorkerBeat).where(WorkerBeat.name == name)).one_or_none()
        if row is None:
            row = WorkerBeat(name=name, started_at=started_at, beat_at=now)
            session.exec(delete(WorkerBeat).where(col(WorkerBeat.beat_at) < now - FORGOTTEN))
        row.started_at, row.beat_at, row.stopped_at = started_at, now, None
        row.fault = fault.replace("\x00", "")[:FAULT_LIMIT]
        row.inbox_at = inbox_at or row.inbox_at
        session.add(row)


def rest(database: Database, now: datetime, name: str) -> None:
    """It ended as it was asked to, which is something else than falling silent."""
    with database.writing() as session:
        session.exec(update(WorkerBeat).where(col(WorkerBeat.name) == name).values(stopped_at=now, beat_at=now))


class Heart:
    """The beats of one worker: `beat` at each tick's end, `still` in whatever may take long, `rest` at the end."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._name = worker_name()
        self._started_at = clock.wall()
        self._last: datetime | None = None
        self._fault = ""

    def beat(self, fault: str = "", *, inbox_read: bool = False) -> None:
        now = self._clock.wall()
        self._last, self._fault = now, fault
        beat(self._database, now, self._name, self._started_at, fault, inbox_at=now if inbox_read else None)

    def still(self) -> None:
        """As often as one likes; it writes only now and then."""
        if self._last is None or self._clock.wall() - self._last >= OFTEN:
            self.beat(self._fault)

    def rest(self) -> None:
        rest(self._database, self._clock.wall(), self._name)
