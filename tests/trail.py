"""What the audit trail says, for tests."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlmodel import Session, col, select

from app.db import Database
from app.domain.audit import Act, AuditAction, Channel
from app.models import AuditEntry, Region
from app.trail import keep_trail
from tests.conftest import NOW


def acting(
    action: AuditAction = AuditAction.DEPARTMENT, *, region_id: int | None = 1, **said: Any
) -> Callable[[], Act]:
    return lambda: Act(NOW, action, Channel.COMMAND, region_id=region_id, **said)


def entries(database: Database, chain: int | None = None) -> Sequence[AuditEntry]:
    """In their order; of all chains if none is named."""
    with database.reading() as session:
        statement = select(AuditEntry).order_by(col(AuditEntry.chain), col(AuditEntry.seq))
        if chain is not None:
            statement = statement.where(AuditEntry.chain == chain)
        found = session.exec(statement).all()
        session.expunge_all()
    return found


def newest(database: Database, chain: int = 1) -> AuditEntry:
    return entries(database, chain)[-1]


def changes_of(entry: AuditEntry, table: str) -> list[dict[str, Any]]:
    return [change for change in entry.changes if change["table"] == table]


def fill(database: Database, count: int, *, region_id: int = 1) -> None:
    """A chain of so many small entries."""
    keep_trail(database)
    with database.reading() as session:
        name = session.get_one(Region, region_id).name
    for number in range(count):
        with database.writing(acting(region_id=region_id, actor=f"经办{number}")) as session:
            rename(session, region_id, f"{name}{number}")


def rename(session: Session, region_id: int, name: str) -> None:
    region = session.get_one(Region, region_id)
    region.secretariat = name
    session.add(region)
