"""From every earlier schema, with an office in it, to the newest: nothing is lost, all is as strict as when new.

The rows of each schema were written by the program of its time (office_rows.py).
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Boolean, Connection, DateTime, MetaData, inspect, text
from sqlalchemy.exc import DatabaseError

from app.db import Database
from app.migrations import BrokenReferences, changing_schema, migrate, migration_config, newest_revision
from app.models import metadata
from app.serving import start_fault
from app.settings import Settings
from tests.backup.conftest import Office
from tests.conftest import TODAY, Cluster
from tests.history import History

FOLDER = Path(__file__).resolve().parent
SCRIPTS = list(ScriptDirectory.from_config(migration_config()).walk_revisions())  # the newest first
EARLIER = [script.revision for script in reversed(SCRIPTS[1:])]
Rows = dict[str, list[tuple[Any, ...]]]


def to(database: Database, revision: str, step: Callable[..., None] = command.upgrade) -> None:
    config = migration_config()
    with changing_schema(database.engine) as connection:
        config.attributes["connection"] = connection
        step(config, revision)


def written_by(revision: str) -> dict[str, dict[str, list[Any]]]:
    tables: dict[str, dict[str, list[Any]]] = json.loads((FOLDER / f"{revision}.json").read_text("utf-8"))["tables"]
    return tables


def fill(database: Database, revision: str) -> None:
    """In the order of the file: the references are looked at when all rows are there."""
    with changing_schema(database.engine) as connection:
        postgres = connection.dialect.name == "postgresql"
        if postgres:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        known = MetaData()
        known.reflect(connection)
        for name, table in written_by(revision).items():
            columns = [known.tables[name].columns[column] for column in table["columns"]]
            names = ", ".join(f'"{column.name}"' for column in columns)
            marks = ", ".join(["%s" if postgres else "?"] * len(columns))
            for row in table["rows"]:
                values = [
                    of_postgres(one.type, value) if postgres else value for one, value in zip(columns, row, strict=True)
                ]
                connection.exec_driver_sql(f'INSERT INTO "{name}" ({names}) VALUES ({marks})', tuple(values))
            if postgres and "id" in table["columns"]:
                counter = f"pg_get_serial_sequence('{name}', 'id')"
                connection.exec_driver_sql(f'SELECT setval({counter}, max(id)) FROM "{name}"')


def of_postgres(kind: Any, value: Any) -> Any:
    """What SQLite keeps as text or number, as PostgreSQL reads it."""
    if value is None or not isinstance(kind, Boolean | DateTime):
        return value
    return bool(value) if isinstance(kind, Boolean) else f"{value}+00:00"


def read(connection: Connection, revision: str) -> Rows:
    """Every row of the tables of that schema, in its columns."""
    found = {}
    for name, table in written_by(revision).items():
        columns = ", ".join(f'"{column}"' for column in table["columns"])
        rows = connection.exec_driver_sql(f'SELECT {columns} FROM "{name}" ORDER BY 1, 2')
        found[name] = [tuple(row) for row in rows]
    return found


def rows_of(database: Database, revision: str) -> Rows:
    with database.engine.connect() as connection:
        return read(connection, revision)


@pytest.fixture(params=["sqlite", "postgres"])
def blank(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Without a table."""
    if request.param == "sqlite":
        opened = Database(f"sqlite:///{tmp_path / 'blank.sqlite3'}")
        yield opened
        opened.close()
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    opened = Database(cluster.create("duban_blank"))
    yield opened
    opened.close()
    cluster.drop("duban_blank")


@pytest.fixture(params=EARLIER)
def revision(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def old(blank: Database, revision: str) -> Database:
    """An office of that schema."""
    to(blank, revision)
    fill(blank, revision)
    return blank


def test_the_rows_of_every_earlier_schema_were_written_down() -> None:
    """Before a migration is added: `python -m tests.upgrades.office_rows`, which writes them as they are then."""
    assert [name for name in EARLIER if not (FOLDER / f"{name}.json").exists()] == []


def test_no_table_of_an_earlier_schema_was_left_empty(revision: str) -> None:
    assert [name for name, table in written_by(revision).items() if not table["rows"]] == []


def test_an_update_keeps_every_row_and_is_as_strict_as_a_new_database(
    old: Database, revision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = rows_of(old, revision)
    migrate(old.engine)
    assert rows_of(old, revision) == before
    with old.engine.connect() as connection:
        assert orphans(connection) == []
        assert checks(connection) == checks_of_the_models(connection)
        assert len(checks(connection)) > 20, "they were found at all"
        assert_append_only(connection)
    config = migration_config()
    with old.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.check(config)
    settings = Settings(
        var_dir=tmp_path / "var", database_url=old.engine.url.render_as_string(hide_password=False), today=TODAY
    )
    (evidence,) = before["evidence"]
    sha256 = next(value for value in evidence if isinstance(value, str) and len(value) == 64)
    place = settings.evidence_dir / sha256[:2] / sha256[2:4] / sha256
    place.parent.mkdir(parents=True)
    place.write_bytes(b"x")
    office = Office(settings, monkeypatch, capsys)
    code, said = office.verify()
    assert code == 0, said
    history = History(old)
    history.submit(history.key("甲局", phase="第二阶段"), TODAY, complete=False)  # and the office works on
    code, said = office.verify()
    assert code == 0, said


def orphans(connection: Connection) -> list[str]:
    """References to rows that are not there."""
    found = []
    seen = inspect(connection)
    for table in seen.get_table_names():
        for key in seen.get_foreign_keys(table):
            (own,), (target,) = key["constrained_columns"], key["referred_columns"]
            there = f'SELECT 1 FROM "{key["referred_table"]}" t WHERE t."{target}" = o."{own}"'
            lost = f'SELECT count(*) FROM "{table}" o WHERE o."{own}" IS NOT NULL AND NOT EXISTS ({there})'
            if connection.exec_driver_sql(lost).scalar():
                found.append(f"{table}.{own}")
    return found


def checks(connection: Connection, schema: str | None = None) -> dict[str, str]:
    """Every CHECK with what it says."""
    seen = inspect(connection)
    return {
        f"{table}: {check['name']}": "".join(check["sqltext"].split())
        for table in seen.get_table_names(schema)
        for check in seen.get_check_constraints(table, schema)
    }


def checks_of_the_models(connection: Connection) -> dict[str, str]:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("CREATE SCHEMA as_declared")
        declared = connection.execution_options(schema_translate_map={None: "as_declared"})
        metadata.create_all(declared)
        found = checks(declared, "as_declared")
        connection.rollback()
        return found
    fresh = Database("sqlite://")
    metadata.create_all(fresh.engine)
    with fresh.engine.connect() as other:
        found = checks(other)
    fresh.close()
    return found


def protected() -> set[str]:
    """The tables whose rows no migration may leave open to change."""
    return {name for script in SCRIPTS for name in getattr(script.module, "APPEND_ONLY", ())}


def assert_append_only(connection: Connection) -> None:
    assert {"audit_entry", "obligation_event", "overdue_row"} <= protected()
    verbs = ["UPDATE", "DELETE", *(["TRUNCATE"] if connection.dialect.name == "postgresql" else [])]
    catalogue = "pg_trigger WHERE NOT tgisinternal" if "TRUNCATE" in verbs else "sqlite_master WHERE type = 'trigger'"
    name = "tgname" if "TRUNCATE" in verbs else "name"
    triggers = set(connection.exec_driver_sql(f"SELECT {name} FROM {catalogue}").scalars())
    assert {f"append_only_{table}_{verb.lower()}" for table in protected() for verb in verbs} <= triggers
    for table in protected():
        for statement in (f'UPDATE "{table}" SET id = id', f'DELETE FROM "{table}"'):
            if connection.exec_driver_sql(f'SELECT count(*) FROM "{table}"').scalar():
                with pytest.raises(DatabaseError, match="append-only"):
                    connection.exec_driver_sql(statement)
                connection.rollback()


@pytest.mark.parametrize("revision", EARLIER[-1:])
def test_one_step_back_and_forth_keeps_what_both_schemas_know(old: Database, revision: str) -> None:
    before = rows_of(old, revision)
    migrate(old.engine)
    to(old, "-1", command.downgrade)
    assert rows_of(old, revision) == before
    with old.engine.connect() as connection:
        assert orphans(connection) == []
    migrate(old.engine)
    assert rows_of(old, revision) == before
    with old.engine.connect() as connection:
        assert checks(connection) == checks_of_the_models(connection)
        assert_append_only(connection)


KILLED = """
import os, signal, sys
from sqlalchemy import event
from app.db import Database
from app.migrations import migrate
database = Database(sys.argv[1])
@event.listens_for(database.engine, "before_cursor_execute")
def die(connection, cursor, statement, *rest):
    if "UPDATE alembic_version" in statement:
        os.kill(os.getpid(), signal.SIGKILL)
migrate(database.engine)
"""


@pytest.mark.parametrize("revision", EARLIER[:1])
def test_an_update_that_was_killed_begins_again(old: Database, revision: str) -> None:
    """With the tables of the first step made and nothing committed."""
    before = rows_of(old, revision)
    url = old.engine.url.render_as_string(hide_password=False)
    old.close()
    died = subprocess.run([sys.executable, "-c", KILLED, url], env=dict(os.environ), check=False, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr
    with old.engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == revision
        assert set(inspect(connection).get_table_names()) == {*written_by(revision), "alembic_version"}
    migrate(old.engine)
    assert rows_of(old, revision) == before


@pytest.mark.parametrize("revision", EARLIER[-1:])
def test_two_that_start_at_once_update_once(old: Database, revision: str) -> None:
    url = old.engine.url.render_as_string(hide_password=False)
    faults: list[Exception] = []

    def start() -> None:
        database = Database(url)
        try:
            migrate(database.engine)
        except Exception as error:
            faults.append(error)
        finally:
            database.close()

    both = [threading.Thread(target=start) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert faults == []
    with old.engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [
            newest_revision()
        ]


@pytest.mark.parametrize("blank", ["sqlite"], indirect=True)
@pytest.mark.parametrize("revision", EARLIER[-1:])
def test_references_that_were_broken_before_stop_the_update_with_a_sentence(old: Database, revision: str) -> None:
    """PostgreSQL lets nobody break them."""
    with old.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.exec_driver_sql("UPDATE milestone SET task_id = 999 WHERE id = 1")
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        connection.exec_driver_sql("BEGIN")
    with pytest.raises(BrokenReferences) as stopped:
        migrate(old.engine)
    assert "（milestone 1 → task），未作升级" in (start_fault(Settings(), stopped.value) or "")
    with old.engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == revision


def test_a_database_that_is_up_to_date_is_only_read(empty_database: Database) -> None:
    """Even while somebody writes, and however large it is."""
    with empty_database.engine.connect() as writing:
        writing.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")
        migrate(empty_database.engine)
        writing.rollback()
