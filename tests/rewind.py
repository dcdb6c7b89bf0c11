"""Puts a PostgreSQL database back to what it was before a test, a tenth of the time that making it anew takes.

Triggers note which tables were written to, by whatever connection or process; only those are filled again from copies
beside them. Who changes the schema gets a new database afterwards.
"""

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from app.db import Database

_KEEP = """
CREATE SCHEMA kept;
CREATE UNLOGGED TABLE kept.written (name text NOT NULL);
CREATE FUNCTION kept.note() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO kept.written VALUES (TG_TABLE_NAME); RETURN NULL; END $$;
CREATE FUNCTION kept.note_schema() RETURNS event_trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO kept.written VALUES ('schema'); END $$;
CREATE TABLE kept.counters AS
  SELECT sequencename AS name, last_value FROM pg_sequences WHERE schemaname = 'public';
"""


def keep(database: Database) -> None:
    """Copies every table and watches it from now on."""
    with database.engine.begin() as connection:
        tables = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
        connection.execute(text(_KEEP))
        for table in tables:
            connection.execute(text(f'CREATE TABLE kept."row_{table}" AS TABLE public."{table}"'))
            connection.execute(
                text(
                    f'CREATE TRIGGER kept_note AFTER INSERT OR UPDATE OR DELETE ON public."{table}"'
                    " FOR EACH STATEMENT EXECUTE FUNCTION kept.note()"
                )
            )
        connection.execute(
            text("CREATE EVENT TRIGGER kept_schema ON ddl_command_end EXECUTE FUNCTION kept.note_schema()")
        )


def rewind(database: Database) -> bool:
    """Whether everything is as it was; if not, the database is of no more use."""
    try:
        with database.engine.begin() as connection:
            return _rewind(connection)
    except OperationalError:  # a test left a transaction open that holds a lock
        return False


def _rewind(connection: Connection) -> bool:
    connection.execute(text("SET LOCAL lock_timeout = '2s'"))
    written = set(connection.execute(text("SELECT DISTINCT name FROM kept.written")).scalars())
    if "schema" in written:
        return False
    # No trigger, no check of references: the rows are known to fit together.
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    for table in written:
        connection.execute(text(f'DELETE FROM public."{table}"'))
        connection.execute(text(f'INSERT INTO public."{table}" SELECT * FROM kept."row_{table}"'))
    connection.execute(
        text(
            "SELECT setval(quote_ident(name)::regclass, coalesce(last_value, 1), last_value IS NOT NULL) FROM kept.counters"
        )
    )
    connection.execute(text("DELETE FROM kept.written"))
    return True
