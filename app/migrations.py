"""Brings a database to the newest schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

ROOT = Path(__file__).resolve().parent.parent


def migration_config() -> Config:
    return Config(ROOT / "alembic.ini")


class BrokenReferences(Exception):
    """Rows refer to others that are not there: before the migration or because of it. Nothing was changed."""


# Any number would do; it must only be the same for all who migrate.
_LOCK = 4_839_112_077


@contextmanager
def changing_schema(engine: Engine) -> Iterator[Connection]:
    """One transaction in which tables may be made anew.

    SQLite changes a table by making another one and dropping the first, to which rows of other tables refer: their
    check is put off and made for the whole database before the commit (sqlite.org/lang_altertable, 7). Of several
    that start at once the first migrates and the others wait: SQLite's transaction takes the lock by itself.
    Raises BrokenReferences.
    """
    with engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        sqlite = engine.dialect.name == "sqlite"
        assert raw is not None
        if sqlite:
            raw.cursor().execute("PRAGMA foreign_keys=OFF")  # a transaction that has begun would not take it
        try:
            with connection.begin():
                if not sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                yield connection
                if sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
                    raise BrokenReferences("、".join(f"{row[0]} {row[1]} → {row[2]}" for row in broken[:5]))
        finally:
            if sqlite:
                raw.cursor().execute("PRAGMA foreign_keys=ON")


def migrate(engine: Engine) -> None:
    """Runs what is missing, in one transaction; a database that is up to date is left alone.

    It is only read then: no lock is taken, and the references of a large database are not checked at every start.
    Raises BrokenReferences, or CommandError for a schema that this program does not know.
    """
    if _revisions(engine) == {newest_revision()}:
        return
    config = migration_config()
    with changing_schema(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def known_revisions() -> frozenset[str]:
    """Every schema that this program can bring up to date."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(migration_config()).walk_revisions())


def _revisions(engine: Engine) -> set[str]:
    with engine.execution_options(duban_reads=True).connect() as connection:
        return set(MigrationContext.configure(connection).get_current_heads())


def newest_revision() -> str | None:
    return ScriptDirectory.from_config(migration_config()).get_current_head()
