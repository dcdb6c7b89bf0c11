"""What somebody does who has the database in his hands: tests change behind the back of the product what it refuses.

`tamper(session, "UPDATE audit_entry SET …")` takes the triggers off that table, runs the statement and puts them back;
`unguarded(session, "obligation_event")` leaves them off until the block ends.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

_TABLE = re.compile(r"(?:UPDATE|DELETE\s+FROM|INSERT\s+INTO|TRUNCATE)\s+(?:TABLE\s+)?\"?(\w+)", re.IGNORECASE)


def tamper(session: Session, statement: str, **values: Any) -> int:
    """Runs raw SQL as if no trigger were there; how many rows it changed. What the session has read is forgotten."""
    found = _TABLE.match(statement.strip())
    assert found is not None, statement
    with unguarded(session, found.group(1)):
        result = session.execute(text(statement), values)
    session.expire_all()
    return getattr(result, "rowcount", 0)


@contextmanager
def unguarded(session: Session, *tables: str) -> Iterator[None]:
    """These tables without their triggers (on PostgreSQL without references, too), as a rollback leaves them anyway."""
    session.flush()
    if session.get_bind().dialect.name == "postgresql":
        # Not by ALTER TABLE: who changes the schema costs the tests a new database (tests/rewind.py).
        session.execute(text("SET LOCAL session_replication_role = replica"))
        yield
        session.execute(text("SET LOCAL session_replication_role = origin"))
        if session.execute(text("SELECT to_regclass('kept.written')")).scalar() is not None:
            for table in tables:
                session.execute(text("INSERT INTO kept.written VALUES (:table)"), {"table": table})
        return
    kept = [
        row
        for table in tables
        for row in session.execute(
            text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"), {"table": table}
        )
    ]
    for name, _sql in kept:
        session.execute(text(f"DROP TRIGGER {name}"))
    yield
    for _name, sql in kept:
        session.connection().exec_driver_sql(sql)
