"""Writes down the rows of a small office as this version of the program makes them, for the test of later updates.

Run it before a migration is added: `python -m tests.upgrades.office_rows`. It makes <revision>.json beside itself, which
tests/upgrades/test_upgrades.py fills a database of that revision with. A finished file is never made anew: it
shows what that version wrote.
"""

import hashlib
import json
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Enum, Table, func, insert, select
from sqlmodel import Session

from app.changes.make_digest_run import make_run
from app.db import Database
from app.domain.audit import Act, AuditAction, Channel
from app.models import metadata
from app.models.digest_run import RunKind
from app.models.review import ReviewDecision
from app.settings import Settings
from app.trail import keep_trail, tell
from tests.conftest import NOW, TODAY, _cast
from tests.history import History

FOLDER = Path(__file__).resolve().parent
STARTED = date(2024, 9, 2)
MOMENT = datetime(2024, 9, 2, 1, 30, tzinfo=UTC)


def tell_story(history: History) -> None:
    """Every kind of event, two frozen lists that follow one another, a run of reminders."""
    first, second = history.key("甲局"), history.key("甲局", phase="第二阶段")
    history.submit(first, STARTED)
    history.review(first, ReviewDecision.RETURNED, STARTED + timedelta(days=1))
    history.freeze(STARTED + timedelta(days=7))
    history.accept(first, STARTED + timedelta(days=8))
    history.extend(second, STARTED + timedelta(days=9), date(2025, 3, 31))
    history.submit(second, STARTED + timedelta(days=10), complete=False)
    history.ask(second, STARTED + timedelta(days=11), date(2025, 6, 30))
    history.freeze(STARTED + timedelta(days=14))
    history.succeed("丙局", "旧局", STARTED + timedelta(days=15))
    with history.database.reading() as session:
        region_id = history.region(session).id or 0
    make_run(history.database, lambda: None, region_id, RunKind.DAILY, TODAY, now=NOW, by=None, settings=Settings())


def fill_the_rest(session: Session) -> None:
    """One row for every table that the story did not touch: whatever is in it must survive, too."""
    for table in metadata.sorted_tables:
        if not session.execute(select(func.count()).select_from(table)).scalar_one():
            chosen: dict[str, int] = {}
            session.execute(insert(table).values({c.name: invented(session, c, chosen) for c in columns(table)}))


def columns(table: Table) -> Iterator[Column[Any]]:
    counted = table.autoincrement_column
    yield from (column for column in table.columns if column is not counted)


def invented(session: Session, column: Column[Any], chosen: dict[str, int]) -> Any:
    """Something that the column takes; of two references to one table the second goes to another row."""
    for key in column.foreign_keys:
        target = key.column
        chosen[target.table.name] = chosen.get(target.table.name, -1) + 1
        place = chosen[target.table.name]
        return session.execute(select(target).order_by(target).offset(place).limit(1)).scalar_one()
    if isinstance(column.type, Enum):
        return column.type.enums[0]
    python = getattr(column.type, "impl_instance", column.type).python_type
    known = {dict: {}, bool: True, int: 1, float: 1.5, Decimal: Decimal(1), date: STARTED, datetime: MOMENT}
    if column.name.endswith("sha256"):
        return hashlib.sha256(b"x").hexdigest()  # of a file of one byte, as its invented size says
    said = f"a {column.name}"[: getattr(column.type, "length", None) or 100]
    return known.get(python, said)


def dumped(path: Path) -> dict[str, Any]:
    with sqlite3.connect(path) as raw:
        (revision,) = raw.execute("SELECT version_num FROM alembic_version").fetchone()
        names = [
            name
            for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            if name != "alembic_version" and not name.startswith("sqlite_")
        ]
        tables = {}
        for name in names:
            read = raw.execute(f'SELECT * FROM "{name}" ORDER BY 1')
            tables[name] = {"columns": [one[0] for one in read.description], "rows": [list(row) for row in read]}
    return {"revision": revision, "tables": tables}


def written(content: dict[str, Any]) -> str:
    """A row to a line."""
    lines = ['{"revision": ' + json.dumps(content["revision"]) + ', "tables": {']
    blocks = []
    for name, table in content["tables"].items():
        rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in table["rows"])
        blocks.append(f'"{name}": {{"columns": {json.dumps(table["columns"])}, "rows": [\n{rows}\n]}}')
    return "\n".join([*lines, ",\n".join(blocks), "}}", ""])


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "office.sqlite3"
        database = Database(f"sqlite:///{path}")
        _cast(database)
        tell_story(History(database))
        keep_trail(database)
        with database.writing(lambda: Act(MOMENT, AuditAction.MAINTENANCE, Channel.COMMAND, region_id=1)) as session:
            tell(session, reason="更新前核对")  # a chain of one entry, which `duban verify` follows
        with database.writing() as session:
            fill_the_rest(session)
        database.close()
        content = dumped(path)
    target = Path(sys.argv[1] if len(sys.argv) > 1 else FOLDER) / f"{content['revision']}.json"
    if target.exists():
        sys.stderr.write(f"{target} is there already and stays as it is.\n")
        return 1
    target.write_text(written(content), encoding="utf-8")
    sys.stdout.write(f"{target}: {sum(len(table['rows']) for table in content['tables'].values())} rows\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
