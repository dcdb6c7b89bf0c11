"""What an entry of the audit trail says of the rows that one transaction changed.

A row is told once, whatever was done to it on the way: {"table", "id", "before", "after"}, with the columns that
changed. A new row has no "before", a deleted one no "after". Many rows of one table become one line:
{"table", "added" | "changed" | "removed": how many, "first", "last"}.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, TypeAlias

Change: TypeAlias = dict[str, Any]

# That they changed is told, what they are is not.
SECRET = frozenset(
    {
        "password_hash",
        "token_sha256",
        "csrf",
        "totp_secret",
        "state_sha256",
        "code_verifier",
        "nonce",
        "code_sha256",
        "sealed_url",
    }
)
UNTOLD = frozenset({"last_used_at"})  # moves with every use
COVERED = "***"
LONGEST_TEXT = 300
MOST_ROWS = 40  # of one table, one by one; publishing a plan adds thousands
MOST_IN_ALL = 120
# Each mail is told with its recipient: nothing else says who was written to.
MORE_ROWS = {"outbox_mail": 1000}


@dataclass(slots=True)
class Note:
    """One thing that happened to one row. `key`: its primary key. `before`, `after`: None where there was no row."""

    table: str
    key: tuple[Any, ...]
    before: Change | None
    after: Change | None


def most_rows(table: str) -> int:
    return MORE_ROWS.get(table, MOST_ROWS)


def told_changes(notes: Iterable[Note]) -> list[Change]:
    """In the order in which the rows were first touched; what came to nothing is left out."""
    rows = [row for row in _merged(notes) if row is not None]
    groups: dict[tuple[str, str], list[Note]] = defaultdict(list)
    for row in rows:
        groups[row.table, _verb(row)].append(row)
    many = _too_many(groups)
    told = [_line(row) for row in rows if (row.table, _verb(row)) not in many]
    return told + [_sum(table, verb, groups[table, verb]) for table, verb in groups if (table, verb) in many]


def _merged(notes: Iterable[Note]) -> list[Note | None]:
    found: list[Note | None] = []
    place: dict[tuple[str, tuple[Any, ...]], int] = {}
    for note in notes:
        where = (note.table, note.key)
        at = place.get(where)
        earlier = found[at] if at is not None else None
        if at is None or earlier is None:
            place[where] = len(found)
            found.append(note)
        else:
            found[at] = _both(earlier, note)
    return found


def _both(first: Note, second: Note) -> Note | None:
    """The row as it was before the first and as it is after the second."""
    if first.before is None and second.after is None:
        return None  # made and taken away again
    before, after = first.before, second.after
    if first.after is not None and second.before is not None and after is not None:
        after = first.after | after
        if before is not None:
            before = second.before | before
    elif first.after is not None and second.after is None and before is not None:
        before = (second.before or {}) | before  # changed, then deleted: as it was at first
    elif before is not None and after is not None:  # deleted and made again
        before = {name: before.get(name) for name in before | after}
        after = {name: after.get(name) for name in before}
    if before is not None and after is not None:
        same = {name for name in before if name in after and before[name] == after[name]}
        before = {name: value for name, value in before.items() if name not in same}
        after = {name: value for name, value in after.items() if name not in same}
        if not before and not after:
            return None
    return Note(first.table, first.key, before, after)


def _verb(row: Note) -> str:
    return "added" if row.before is None else "removed" if row.after is None else "changed"


def _too_many(groups: Mapping[tuple[str, str], Collection[Note]]) -> set[tuple[str, str]]:
    many = {where for where, rows in groups.items() if len(rows) > most_rows(where[0])}
    left = [where for where in sorted(groups, key=lambda one: len(groups[one])) if where not in many]
    while left and sum(len(groups[where]) for where in left if where[0] not in MORE_ROWS) > MOST_IN_ALL:
        largest = max((where for where in left if where[0] not in MORE_ROWS), key=lambda one: len(groups[one]))
        left.remove(largest)
        many.add(largest)
    return many


def _line(row: Note) -> Change:
    return (
        {"table": row.table, "id": _id(row)}
        | ({"before": row.before} if row.before is not None else {})
        | ({"after": row.after} if row.after is not None else {})
    )


def _sum(table: str, verb: str, rows: list[Note]) -> Change:
    ids = [found for row in rows if isinstance(found := _id(row), int)]
    return {"table": table, verb: len(rows)} | ({"first": min(ids), "last": max(ids)} if ids else {})


def _id(row: Note) -> Any:
    return row.key[0] if len(row.key) == 1 else None


def plain(name: str, value: Any) -> Any:
    """As JSON keeps it. Secrets are covered; a long text is cut, its hash stands for the whole."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if name in SECRET:
        return COVERED
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict | list | tuple):
        text = json.dumps(value, ensure_ascii=False, default=str)
        return json.loads(text) if len(text) <= LONGEST_TEXT else _cut(text)
    text = sayable(str(value))
    return text if len(text) <= LONGEST_TEXT else _cut(text)


def _cut(text: str) -> Change:
    hashed = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    return {"cut": sayable(text[:LONGEST_TEXT]), "length": len(text), "sha256": hashed}


def sayable(text: str) -> str:
    """Without what no database takes: NUL, and halves of characters that a file name or a login may hold."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


# Which row an act was about, if nobody said so: the first of these of which the act changed exactly one.
# (table, column that names it, table of what it names)
_ABOUT = (
    ("handover", "from_account_id", "account"),
    ("obligation_event", "obligation_id", "obligation"),
    ("progress_update", "obligation_id", "obligation"),
    ("extension", "obligation_id", "obligation"),
    ("overdue_list", "id", "overdue_list"),
    ("digest_run", "id", "digest_run"),
    ("plan_release", "plan_id", "plan"),
    ("plan", "id", "plan"),
    ("note_decision", "note_id", "source_note"),
    ("one_time_link", "account_id", "account"),
    ("api_token", "account_id", "account"),
    ("account", "id", "account"),
    ("succession", "id", "succession"),
    ("department", "id", "department"),
    ("department_group", "id", "department_group"),
    ("day_exception", "id", "day_exception"),
    ("outbox_mail", "id", "outbox_mail"),
)
_NAMES = ("name", "login", "title", "key", "run_date", "day", "as_of")


def subject_of(notes: Collection[Note]) -> tuple[str, int | None, str]:
    """(table, id, name if the change says it); ("", None, "") where it was about many rows or none."""
    for table, column, named in _ABOUT:
        rows = [row for row in notes if row.table == table]
        keys = {_named_by(row, column) for row in rows}
        if len(keys) == 1 and isinstance(key := keys.pop(), int):
            return named, key, _name_of(rows[0]) if named == table else ""
    return "", None, ""


def _named_by(row: Note, column: str) -> Any:
    if column == "id":
        return _id(row)
    return (row.after or {}).get(column) or (row.before or {}).get(column)


def _name_of(row: Note) -> str:
    said = (row.before or {}) | (row.after or {})
    return next((str(said[name]) for name in _NAMES if said.get(name)), "")
