"""Engine and session. Whoever opens a session commits it once, at the edge; nothing below commits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlmodel import Session

BUSY_TIMEOUT_MS = 15_000


def make_engine(url: str) -> Engine:
    """SQLite in WAL mode with durable commits and real transactions, or PostgreSQL as it is."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=30)
    if parsed.database and parsed.database != ":memory:" and not parsed.database.startswith("file:"):
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver would begin transactions late and on its own; _begin_sqlite does it instead.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # an acknowledged report must survive a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once: a deferred one would fail with "database is locked" when
    # somebody else wrote between its first read and its first write.
    reads = connection.get_execution_options().get("duban_reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


class Database:
    """The engine and its two kinds of session: one that may write and one that only reads."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self._reader = self.engine.execution_options(duban_reads=True)
        self.witness: Callable[[Session], None] | None = None  # see app/trail.py

    @contextmanager
    def writing(self, act: Callable[[], Any] | None = None) -> Iterator[Session]:
        """Commits when the block ends well, rolls back when it raises.

        `act` tells who does it and what, for the audit trail; it is asked at the commit. Only what is nobody's act, in
        tests and while a demonstration is made up, comes without one.
        """
        with Session(self.engine) as session:
            session.info["act"] = act
            if self.witness is not None and act is not None:
                self.witness(session)
            yield session
            session.commit()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with Session(self._reader, autoflush=False) as session:
            yield session

    def close(self) -> None:
        self.engine.dispose()
