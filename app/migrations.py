"""Brings a database to the newest schema."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine

ROOT = Path(__file__).resolve().parent.parent


def migration_config() -> Config:
    return Config(ROOT / "alembic.ini")


@contextmanager
def changing_schema(engine: Engine) -> Iterator[Connection]:
    """One transaction in which tables may be made anew.

    SQLite changes a table by making another one and dropping the first, to which rows of other tables refer: their
    check is put off and made for the whole database before the commit (sqlite.org/lang_altertable, 7).
    """
    with engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        sqlite = engine.dialect.name == "sqlite"
        assert raw is not None
        if sqlite:
            raw.cursor().execute("PRAGMA foreign_keys=OFF")  # a transaction that has begun would not take it
        try:
            with connection.begin():
                yield connection
                if sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
                    msg = f"after the migration rows refer to nothing: {broken[:5]}"
                    raise RuntimeError(msg)
        finally:
            if sqlite:
                raw.cursor().execute("PRAGMA foreign_keys=ON")


def migrate(engine: Engine) -> None:
    """Runs what is missing, in one transaction; a database that is up to date is left alone."""
    config = migration_config()
    with changing_schema(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
