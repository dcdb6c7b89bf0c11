"""The audit trail as the auditor reads it: page by page, filtered, newest first."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, Text, cast, or_, select
from sqlmodel import Session, col

from app.domain.audit import HASHED, ActResult, AuditAction, Channel
from app.models import (
    Account,
    AuditEntry,
    Department,
    DepartmentGroup,
    DigestRun,
    Evidence,
    Extension,
    Indicator,
    Milestone,
    Obligation,
    OutboxMail,
    OverdueList,
    Phase,
    Plan,
    Region,
    SourceNote,
    Task,
)
from app.words import list_name

PAGE = 50

_ENTRY: Table = AuditEntry.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """Of one chain. `since` is the first moment, `until` the first that is too late. `about`: (table, id) of a row."""

    chain: int
    since: datetime | None = None
    until: datetime | None = None
    who: str = ""
    action: AuditAction | None = None
    outcome: ActResult | None = None
    channel: Channel | None = None
    address: str = ""
    about: tuple[str, int] | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class TrailPage:
    """`before` asks for the entries before that number; None on the last page."""

    rows: Sequence[AuditEntry]
    before: int | None


def trail_page(session: Session, wanted: TrailFilter, *, before: int | None = None, limit: int = PAGE) -> TrailPage:
    statement = _filtered(select(AuditEntry), wanted).order_by(_ENTRY.c.seq.desc()).limit(limit + 1)
    if before is not None:
        statement = statement.where(_ENTRY.c.seq < before)
    rows = session.execute(statement).scalars().all()
    return TrailPage(rows[:limit], rows[limit - 1].seq if len(rows) > limit else None)


def filtered_entries(session: Session, wanted: TrailFilter, *, most: int) -> Iterator[AuditEntry]:
    """For a file: newest first, without holding them all."""
    statement = _filtered(select(AuditEntry), wanted).order_by(_ENTRY.c.seq.desc()).limit(most)
    yield from session.execute(statement.execution_options(yield_per=500)).scalars()


def one_entry(session: Session, chain: int, seq: int) -> AuditEntry | None:
    return session.execute(select(AuditEntry).where(_ENTRY.c.chain == chain, _ENTRY.c.seq == seq)).scalar_one_or_none()


def newest_check(session: Session, chain: int) -> AuditEntry | None:
    """The entry of the last time that the whole chain was followed."""
    return session.execute(
        select(AuditEntry)
        .where(
            _ENTRY.c.chain == chain,
            _ENTRY.c.action == AuditAction.MAINTENANCE,
            _ENTRY.c.subject_table == "audit_chain",
        )
        .order_by(_ENTRY.c.seq.desc())
        .limit(1)
    ).scalar_one_or_none()


def _filtered(statement: Select[Any], wanted: TrailFilter) -> Select[Any]:
    column = _ENTRY.c
    statement = statement.where(column.chain == wanted.chain)
    for name, value in (("action", wanted.action), ("outcome", wanted.outcome), ("channel", wanted.channel)):
        if value is not None:
            statement = statement.where(column[name] == value)
    if wanted.since is not None:
        statement = statement.where(column.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(column.at < wanted.until)
    if wanted.address:
        statement = statement.where(column.address.startswith(wanted.address, autoescape=True))
    if wanted.who:
        logins = select(col(Account.id)).where(
            or_(*(col(one).icontains(wanted.who, autoescape=True) for one in (Account.login, Account.name)))
        )
        statement = statement.where(
            or_(column.actor.icontains(wanted.who, autoescape=True), column.actor_id.in_(logins))
        )
    if wanted.about is not None:
        statement = statement.where(or_(*_about(*wanted.about)))
    if wanted.text:
        texts = (column.subject, column.reason, column.actor)
        written = json.dumps(wanted.text)[1:-1]  # as it stands in the column, where signs beyond ASCII are escaped
        statement = statement.where(
            or_(
                *(one.icontains(wanted.text, autoescape=True) for one in texts),
                cast(column.changes, Text).contains(written, autoescape=True),
            )
        )
    return statement


def _about(table: str, key: int) -> list[ColumnElement[bool]]:
    """What is about this row, what changed it, and what was done to an obligation together with others."""
    column = _ENTRY.c
    said = cast(column.changes, Text)
    found = [
        (column.subject_table == table) & (column.subject_id == key),
        said.contains(f'"table": "{table}", "id": {key},', autoescape=True),
    ]
    if table == "obligation":
        found += [said.contains(f'"obligation_id": {key}{end}', autoescape=True) for end in (",", "}")]
    return found


# What a row is called, by table; one query each, and only for those that the page names.
def names_of(session: Session, wanted: Collection[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """(table, id) -> name; what is gone has none."""
    keys: dict[str, set[int]] = defaultdict(set)
    for table, key in wanted:
        keys[table].add(key)
    found: dict[tuple[str, int], str] = {}
    for table, ids in keys.items():
        statement = _naming(table)
        if statement is not None:
            rows = session.execute(statement.where(_key_of(table).in_(sorted(ids)[:2000])))
            found |= {(table, row[0]): _name(table, row) for row in rows}
    return found


_NAMED: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "account": (Account.id, (Account.name,)),
    "department": (Department.id, (Department.name,)),
    "department_group": (DepartmentGroup.id, (DepartmentGroup.name,)),
    "digest_run": (DigestRun.id, (DigestRun.run_date,)),
    "evidence": (Evidence.id, (Evidence.file_name,)),
    "indicator": (Indicator.id, (Indicator.name,)),
    "outbox_mail": (OutboxMail.id, (OutboxMail.key,)),
    "overdue_list": (OverdueList.id, (OverdueList.year, OverdueList.number)),
    "phase": (Phase.id, (Phase.name,)),
    "plan": (Plan.id, (Plan.title,)),
    "region": (Region.id, (Region.name,)),
    "source_note": (SourceNote.id, (SourceNote.about,)),
    "task": (Task.id, (Task.number, Task.title)),
}


def _key_of(table: str) -> Any:
    if table == "obligation":
        return col(Obligation.id)
    return col(Extension.id) if table == "extension" else col(_NAMED[table][0])


def _naming(table: str) -> Select[Any] | None:
    if table in {"obligation", "extension"}:
        statement = (
            select(_key_of(table), col(Task.number), col(Task.title), col(Department.name), col(Phase.name))
            .select_from(Obligation)
            .join(Task, col(Task.id) == Obligation.task_id)
            .join(Department, col(Department.id) == Obligation.department_id)
            .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
            .outerjoin(Phase, col(Phase.id) == Milestone.phase_id)
        )
        return (
            statement
            if table == "obligation"
            else statement.join(Extension, col(Extension.obligation_id) == Obligation.id)
        )
    if table not in _NAMED:
        return None
    key, columns = _NAMED[table]
    return select(col(key), *(col(one) for one in columns))


def _name(table: str, row: Any) -> str:
    if table in {"obligation", "extension"}:
        where = " · ".join(part for part in (row[3], row[4]) if part)
        return f"{row[1]} {row[2]}（{where}）"
    if table == "overdue_list":
        return list_name(row[1], row[2])
    return " ".join(str(part) for part in row[1:])


def entry_lines(session: Session, chain: int, *, after: int = 0, up_to: int | None = None) -> Iterator[str]:
    """Every entry behind the one number and up to the other as a line of JSON.

    With all that its hash covers: who collects them elsewhere can check them without us.
    """
    statement = select(AuditEntry).where(_ENTRY.c.chain == chain, _ENTRY.c.seq > after).order_by(_ENTRY.c.seq)
    if up_to is not None:
        statement = statement.where(_ENTRY.c.seq <= up_to)
    for entry in session.execute(statement.execution_options(yield_per=500)).scalars():
        said = {name: getattr(entry, name) for name in HASHED} | {"sha256": entry.sha256}
        said["at"] = entry.at.isoformat(timespec="microseconds")
        yield json.dumps(said, ensure_ascii=False)
