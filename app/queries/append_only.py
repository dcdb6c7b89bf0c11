"""Whether the database still guards what may never change: the triggers that the migration put there, word for word."""

from collections.abc import Iterator

from sqlalchemy import text
from sqlmodel import Session

TABLES = ("audit_entry", "obligation_event", "overdue_list", "overdue_row", "plan_release", "handover")

_AGE = {"sqlite": "datetime('now', '-6 months')", "postgresql": "now() - interval '6 months'"}
_MAY_GO = (
    "OLD.at < {age} AND EXISTS (SELECT 1 FROM audit_entry e WHERE e.chain = OLD.chain AND e.removed_up_to >= OLD.seq)"
)
_REFUSES = "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;"
_FUNCTIONS = {
    "duban_append_only": f"BEGIN {_REFUSES} END",
    "duban_audit_keeps": f"BEGIN IF {_MAY_GO.format(age=_AGE['postgresql'])} THEN RETURN OLD; END IF; {_REFUSES} END",
}
_ENABLED = {"O", "A"}


def guard_findings(session: Session) -> Iterator[str]:
    """One sentence for each trigger that is missing, switched off, or says something else."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    expected = _on_sqlite() if is_sqlite else _on_postgresql()
    found = _read_sqlite(session) if is_sqlite else _read_postgresql(session)
    for name, said in expected.items():
        if name not in found:
            yield f"trigger {name}: missing or switched off, the table can be changed"
        elif found[name] != said:
            yield f"trigger {name}: it does not do what it should"


def _on_sqlite() -> dict[str, str]:
    unless = f" WHEN NOT ({_MAY_GO.format(age=_AGE['sqlite'])})"
    return {
        f"append_only_{table}_{verb.lower()}": (
            f"CREATE TRIGGER append_only_{table}_{verb.lower()} BEFORE {verb} ON {table}"
            f"{unless if (table, verb) == ('audit_entry', 'DELETE') else ''}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
        for table in TABLES
        for verb in ("UPDATE", "DELETE")
    }


def _read_sqlite(session: Session) -> dict[str, str]:
    asked = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    return {name: " ".join(sql.split()) for name, sql in session.execute(asked)}


def _on_postgresql() -> dict[str, str]:
    found = {}
    for table in TABLES:
        for verb, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
            name = f"append_only_{table}_{verb.lower()}"
            function = "duban_audit_keeps" if (table, verb) == ("audit_entry", "DELETE") else "duban_append_only"
            found[name] = (
                f"CREATE TRIGGER {name} BEFORE {verb} ON public.{table} FOR EACH {each} EXECUTE FUNCTION {function}()"
                f" {_FUNCTIONS[function]}"
            )
    return found


def _read_postgresql(session: Session) -> dict[str, str]:
    asked = text(
        "SELECT t.tgname, pg_get_triggerdef(t.oid) || ' ' || p.prosrc, t.tgenabled FROM pg_trigger t"
        " JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace"
    )
    return {
        name: " ".join(said.split())
        for name, said, enabled in session.execute(asked)
        if (enabled.decode() if isinstance(enabled, bytes) else enabled) in _ENABLED
    }
