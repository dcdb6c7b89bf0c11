"""Everything that a database holds, to be compared with what it holds later."""

from sqlalchemy import inspect

from app.db import Database

# What is told of reading (files that go out, refusals), the brake, and marks of presence.
TOLD = frozenset({"audit_chain", "audit_entry", "sign_in_failure"})
PRESENCE = frozenset({"seen_at", "last_used_at"})


def all_rows(database: Database) -> dict[str, list[tuple[object, ...]]]:
    found = {}
    with database.reading() as session:
        seen, connection = inspect(session.connection()), session.connection()
        for name in sorted(set(seen.get_table_names()) - TOLD):
            columns = [f'"{column["name"]}"' for column in seen.get_columns(name) if column["name"] not in PRESENCE]
            rows = connection.exec_driver_sql(f'SELECT {", ".join(columns)} FROM "{name}" ORDER BY 1')
            found[name] = [tuple(row) for row in rows]
    return found


def changed(before: dict[str, list[tuple[object, ...]]], after: dict[str, list[tuple[object, ...]]]) -> list[str]:
    """The tables whose rows are not what they were."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
