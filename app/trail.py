"""The audit trail writes itself: one entry for every transaction that changes something, in that transaction.

Whoever opens a writing session says who acts (`Act`); what was changed is read off the session when it commits, so
that no change can be made and not be told. `app/domain/audit.py` says what an entry holds.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import date, datetime
from enum import Enum
from typing import Any, TypeAlias

from sqlalchemy import Delete, Table, Update, event, insert, inspect, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import ORMExecuteState, SessionTransaction
from sqlmodel import Session

from app.db import Database
from app.domain.audit import Act, entry_sha256
from app.models import AuditChain, AuditEntry

# An act is often known only at the end: the person behind a request is found after its session was opened.
ActMaker: TypeAlias = Callable[[], Act | None]
Change: TypeAlias = dict[str, Any]

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
    }
)
# Written by a conditional UPDATE whose story another row tells: an event, or the entry of the mail's fate.
TOLD_ELSEWHERE = frozenset({"obligation", "outbox_mail"})
# That they changed is told, what they are is not.
SECRET = frozenset({"password_hash", "token_sha256", "csrf", "totp_secret", "state_sha256"})
LONGEST_TEXT = 300
MOST_ROWS = 40

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


def append_entry(
    session: Session, act: Act, changes: list[Change] | None = None, *, removed_up_to: int | None = None
) -> None:
    """The next link of the act's chain. Its head stays locked until the commit, so this is done last."""
    seq, previous = _locked_head(session, act.chain)
    said = asdict(act)
    del said["region_id"]
    entry = {
        **said,
        "chain": act.chain,
        "seq": seq + 1,
        "changes": changes or [],
        "removed_up_to": removed_up_to,
        "previous_sha256": previous,
    }
    entry["sha256"] = entry_sha256(entry)
    session.execute(insert(_ENTRY).values(**entry))
    session.execute(_CHAIN.update().where(_CHAIN.c.id == act.chain).values(seq=seq + 1, sha256=entry["sha256"]))


def _locked_head(session: Session, chain: int) -> tuple[int, str]:
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
    witness = _Witness()
    event.listen(session, "after_flush", witness.note_flush)
    event.listen(session, "do_orm_execute", witness.note_statement)
    event.listen(session, "after_transaction_create", witness.begin)
    event.listen(session, "after_soft_rollback", witness.forget)
    event.listen(session, "before_commit", witness.write)


class _Witness:
    """What one session has changed since it began or was rolled back."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.marks: dict[SessionTransaction, int] = {}

    def begin(self, _session: Session, transaction: SessionTransaction) -> None:
        if transaction.nested:
            self.marks[transaction] = len(self.changes)

    def forget(self, session: Session, transaction: SessionTransaction) -> None:
        """What was rolled back did not happen."""
        del self.changes[self.marks.pop(transaction, 0) :]
        if not transaction.nested:
            session.info.pop("told", None)

    def note_flush(self, session: Session, _context: Any) -> None:
        for row in session.new:
            self._note(row, before=None, after=_values(row))
        for row in session.dirty:
            before, after = _difference(row)
            if after:
                self._note(row, before=before, after=after)
        for row in session.deleted:
            self._note(row, before=_values(row), after=None)

    def _note(self, row: Any, *, before: Change | None, after: Change | None) -> None:
        table = row.__tablename__
        if table not in QUIET:
            self.changes.append(
                {"table": table, "id": row.id if hasattr(row, "id") else None}
                | ({"before": before} if before is not None else {})
                | ({"after": after} if after is not None else {})
            )

    def note_statement(self, state: ORMExecuteState) -> Any:
        """An UPDATE or DELETE over many rows: how many, and with which values."""
        statement = state.statement
        if not isinstance(statement, Update | Delete):
            return None
        table = str(statement.table)
        if table in QUIET | TOLD_ELSEWHERE:
            return None
        result = state.invoke_statement()
        rows = getattr(result, "rowcount", None)
        if rows:
            verb = "deleted" if isinstance(statement, Delete) else "updated"
            said = {name: plain(name, value) for name, value in statement.compile().params.items()}
            self.changes.append({"table": table, verb: rows, "with": said})
        return result

    def write(self, session: Session) -> None:
        if session.in_nested_transaction():
            return
        session.flush()
        told: Mapping[str, Any] = session.info.pop("told", {})
        changes, self.changes = self.changes, []
        make: ActMaker | None = session.info.get("act")
        act = make() if make is not None and (changes or told) else None
        if act is not None:
            append_entry(session, replace(act, **told), _gathered(changes))


def _values(row: Any) -> Change:
    loaded = inspect(row).dict
    return {name: plain(name, loaded[name]) for name in _columns(row) if loaded.get(name) is not None}


def _difference(row: Any) -> tuple[Change, Change]:
    before, after = {}, {}
    state = inspect(row)
    for name in _columns(row):
        history = state.attrs[name].history
        if history.has_changes():
            before[name] = plain(name, history.deleted[0]) if history.deleted else None
            after[name] = plain(name, history.added[0]) if history.added else None
    return before, after


def _columns(row: Any) -> list[str]:
    return [attribute.key for attribute in inspect(type(row)).column_attrs]


def plain(name: str, value: Any) -> Any:
    """As JSON keeps it; secrets are covered, long texts are cut and say so."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if name in SECRET:
        return "***"
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict | list):
        return value if len(str(value)) <= LONGEST_TEXT else f"{str(value)[:LONGEST_TEXT]}…（{len(str(value))}）"
    text = str(value)
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}…（{len(text)}）"


def _gathered(changes: list[Change]) -> list[Change]:
    """Many new rows of one table become one line: publishing a plan adds thousands."""
    new: dict[str, list[Any]] = {}
    for change in changes:
        if "after" in change and "before" not in change:
            new.setdefault(change["table"], []).append(change["id"])
    many = {table: ids for table, ids in new.items() if len(ids) > MOST_ROWS}
    kept = [change for change in changes if change["table"] not in many or "after" not in change or "before" in change]
    return kept + [{"table": table, "rows": len(ids), "first": ids[0], "last": ids[-1]} for table, ids in many.items()]
