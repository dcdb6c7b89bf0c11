"""The audit trail writes itself: one entry for every transaction that changes something, in that transaction.

Whoever opens a writing session says who acts (`Act`); what was changed is read off the session when it commits, so
that no change can be made and not be told. `app/domain/trail_changes.py` says what an entry says of a row.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Delete, Row, Table, Update, event, insert, inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import ORMExecuteState, SessionTransaction
from sqlmodel import Session

from app.db import Database
from app.domain.audit import Act, entry_sha256
from app.domain.trail_changes import UNTOLD, Change, Note, most_rows, plain, sayable, subject_of, told_changes
from app.models import AuditChain, AuditEntry

# An act is often known only at the end: the person behind a request is found after its session was opened.
ActMaker: TypeAlias = Callable[[], Act | None]

# What is nobody's act: drafts before they are sent, marks of presence, the brake on guessing, and the trail itself.
# Sign-ins and their end are told in so many words where they happen.
QUIET = frozenset(
    {
        "account_session",
        "audit_chain",
        "audit_entry",
        "known_device",
        "past_password",
        "provider_visit",
        "sign_in_failure",
        "update_draft",
        "worker_beat",
    }
)
# Written by a conditional UPDATE whose story another row tells: an event, or the entry of the mail's fate.
TOLD_ELSEWHERE = frozenset({"obligation", "outbox_mail"})

_ENTRY: Table = AuditEntry.__table__  # type: ignore[attr-defined]
_CHAIN: Table = AuditChain.__table__  # type: ignore[attr-defined]


def keep_trail(database: Database) -> None:
    """From now on every writing session of this database that has an act tells what it did."""
    database.witness = _attend


def tell(session: Session, **said: Any) -> None:
    """Says of the act in hand what only the place where it happens knows: fields of `Act`. Without an act it is lost.

    It leaves an entry even where no row changes: a refused sign-in, a file handed out.
    """
    session.info.setdefault("told", {}).update(said)


def note(
    session: Session, table: str, key: int | None, after: Mapping[str, Any], *, before: Mapping[str, Any] | None = None
) -> None:
    """What nobody can read off the session: a row written by a statement of its own (INSERT … ON CONFLICT)."""
    witness: _Witness | None = session.info.get("witness")
    if witness is not None:
        was, now = ({name: plain(name, value) for name, value in one.items()} for one in (before or {}, after))
        witness.take(Note(table, (key,), None if before is None else was, now))


def finish_act(session: Session, **said: Any) -> None:
    """An entry for what was changed so far, where one transaction holds several acts; what follows is another act.

    The heads of the chains it names stay locked until the commit: for what has the database to itself.
    """
    witness: _Witness | None = session.info.get("witness")
    if witness is not None:
        session.flush()
        if witness.notes:
            tell(session, **said)
            witness.write(session)


def append_entry(
    session: Session, act: Act, changes: list[Change] | None = None, *, removed_up_to: int | None = None
) -> None:
    """The next link of the act's chain. Its head stays locked until the commit, so this is done last."""
    seq, previous = locked_head(session, act.chain)
    said = asdict(act)
    del said["region_id"]
    entry = {
        **{name: _fitting(name, value) for name, value in said.items()},
        "chain": act.chain,
        "seq": seq + 1,
        "changes": changes or [],
        "removed_up_to": removed_up_to,
        "previous_sha256": previous,
    }
    entry["sha256"] = entry_sha256(entry)
    session.execute(insert(_ENTRY).values(**entry))
    session.execute(_CHAIN.update().where(_CHAIN.c.id == act.chain).values(seq=seq + 1, sha256=entry["sha256"]))


def _fitting(name: str, value: Any) -> Any:
    """No longer than its column, which PostgreSQL would refuse together with the change itself."""
    longest = getattr(_ENTRY.c[name].type, "length", None)
    if type(value) is not str:
        return value
    text = sayable(value)
    return text if longest is None or len(text) <= longest else text[: longest - 1] + "…"


def locked_head(session: Session, chain: int) -> tuple[int, str]:
    """(number, hash) of the newest entry; nobody appends another one until this transaction ends."""
    asked = select(_CHAIN.c.seq, _CHAIN.c.sha256).where(_CHAIN.c.id == chain).with_for_update()
    head = session.execute(asked).one_or_none()
    if head is None:
        # Two first entries at once: the second waits for the first and finds its row.
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        session.execute(dialect.insert(_CHAIN).values(id=chain, seq=0, sha256="").on_conflict_do_nothing())
        head = session.execute(asked).one()
    return head.seq, head.sha256


def _attend(session: Session) -> None:
    """Watches one writing session."""
    witness = session.info["witness"] = _Witness()
    event.listen(session, "before_flush", witness.remember)
    event.listen(session, "after_flush", witness.note_flush)
    event.listen(session, "do_orm_execute", witness.note_statement)
    event.listen(session, "after_transaction_create", witness.begin)
    event.listen(session, "after_soft_rollback", witness.forget)
    event.listen(session, "before_commit", witness.write)


class _Witness:
    """What one session has changed since it began or was rolled back."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.counts: Counter[str] = Counter()
        # Where a savepoint began: how many notes there were, and what had been told.
        self.marks: dict[SessionTransaction, tuple[int, dict[str, Any]]] = {}
        self.unread: dict[Any, Row[Any]] = {}

    def begin(self, session: Session, transaction: SessionTransaction) -> None:
        if transaction.nested:
            self.marks[transaction] = (len(self.notes), dict(session.info.get("told", {})))

    def forget(self, session: Session, transaction: SessionTransaction) -> None:
        """What was rolled back did not happen. A flush that fails takes back what its savepoint holds, no more."""
        holder: SessionTransaction | None = transaction
        while holder is not None and not holder.nested:
            holder = holder.parent
        length, told = self.marks.get(holder, (0, {})) if holder is not None else (0, {})
        del self.notes[length:]
        self.counts = Counter(note.table for note in self.notes)
        session.info["told"] = dict(told)

    def take(self, found: Note) -> None:
        """Of rows that will be told by their number alone nothing has to be kept but that they are there."""
        self.counts[found.table] += 1
        if self.counts[found.table] > most_rows(found.table):
            found = Note(
                found.table,
                found.key,
                None if found.before is None else {},
                None if found.after is None else {},
            )
        self.notes.append(found)

    def remember(self, session: Session, _context: Any, _instances: Any) -> None:
        """The row as it stood, where a column was set unread: after the flush nobody could tell what it held."""
        for row in session.dirty:
            state = inspect(row)
            histories = (state.attrs[name].history for name in _columns(row))
            if row.__tablename__ not in QUIET and any(one.added and not one.deleted for one in histories):
                where = _is_row(row.__table__, state.identity)
                self.unread[state] = session.connection().execute(select(row.__table__).where(*where)).one()

    def note_flush(self, session: Session, _context: Any) -> None:
        for row in session.new:
            self._note(row, None, _values(row))
        for row in session.dirty:
            before, after = _difference(row, self.unread.pop(inspect(row), None))
            if after:
                self._note(row, before, after)
        for row in session.deleted:
            self._note(row, _values(row), None)

    def _note(self, row: Any, before: Change | None, after: Change | None) -> None:
        table = row.__tablename__
        if table not in QUIET:
            key = tuple(inspect(row).mapper.primary_key_from_instance(row))
            self.take(Note(table, key, before, after))

    def note_statement(self, state: ORMExecuteState) -> Any:
        """An UPDATE or DELETE over many rows: each of them as it was and as it is."""
        statement = state.statement
        if not isinstance(statement, Update | Delete):
            return None
        table = statement.table
        if not isinstance(table, Table) or table.name in QUIET | TOLD_ELSEWHERE:
            return None
        state.session.flush()
        connection = state.session.connection()
        clause = statement.whereclause
        rows = connection.execute(select(table) if clause is None else select(table).where(clause)).all()
        result = state.invoke_statement()
        for row in rows:
            was = _named(row)
            key = tuple(was[column.name] for column in table.primary_key)
            if isinstance(statement, Delete):
                self.take(Note(table.name, key, _told(was), None))
            elif self.counts[table.name] >= most_rows(table.name):
                self.take(Note(table.name, key, {}, {}))
            else:
                now = _named(connection.execute(select(table).where(*_is_row(table, key))).one())
                changed = {name for name in was if was[name] != now[name]} - UNTOLD
                if changed:
                    self.take(
                        Note(table.name, key, *({n: plain(n, one[n]) for n in sorted(changed)} for one in (was, now)))
                    )
        return result

    def write(self, session: Session) -> None:
        if session.in_nested_transaction():
            return
        session.flush()
        told: Mapping[str, Any] = session.info.pop("told", {})
        notes, self.notes = self.notes, []
        self.counts.clear()
        self.marks.clear()
        make: ActMaker | None = session.info.get("act")
        if make is None or not (notes or told):
            return
        changes = told_changes(notes)
        act = make() if changes or told else None
        if act is None:
            return
        act = replace(act, **told)
        if not act.subject_table and not act.subject:
            table, key, name = subject_of(notes)
            act = replace(act, subject_table=table, subject_id=key, subject=name)
        append_entry(session, act, changes)


def _is_row(table: Table, key: Sequence[Any]) -> list[ColumnElement[bool]]:
    return [column == value for column, value in zip(table.primary_key, key, strict=True)]


def _named(row: Row[Any]) -> dict[str, Any]:
    return dict(row._mapping)  # noqa: SLF001 (SQLAlchemy's public name for it)


def _told(values: Mapping[str, Any]) -> Change:
    return {name: plain(name, value) for name, value in values.items() if value is not None}


def _values(row: Any) -> Change:
    loaded = inspect(row).dict
    return _told({name: loaded.get(name) for name in _columns(row)})


def _difference(row: Any, read: Row[Any] | None) -> tuple[Change, Change]:
    before, after = {}, {}
    state = inspect(row)
    stood = _named(read) if read is not None else {}
    for name in _columns(row):
        history = state.attrs[name].history
        was = history.deleted[0] if history.deleted else stood.get(name)
        if history.has_changes() and (not history.added or was != history.added[0]):
            before[name] = plain(name, was)
            after[name] = plain(name, history.added[0]) if history.added else None
    return before, after


def _columns(row: Any) -> list[str]:
    return [attribute.key for attribute in inspect(type(row)).column_attrs if attribute.key not in UNTOLD]
