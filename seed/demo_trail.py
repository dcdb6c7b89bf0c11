"""The audit trail of the demonstration: what its history amounts to, told as if each step had been told on its day.

Written in pieces between the weekly lists, whose heads it must fit. Thousands of entries are chained in memory and put
in at once: one by one they would take longer than the history itself.
"""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import insert, select
from sqlmodel import Session, col

from app.domain.audit import Act, AuditAction, Channel, entry_sha256
from app.domain.workflow import EventKind
from app.models import (
    Account,
    AuditChain,
    AuditEntry,
    Department,
    Milestone,
    Obligation,
    ObligationEvent,
    OverdueList,
    Phase,
    Plan,
    Task,
)
from app.models.account import AccountRole
from app.trail import append_entry, locked_head

_ACTIONS = {
    EventKind.REPORTED: AuditAction.REPORT,
    EventKind.SUBMITTED: AuditAction.REPORT,
    EventKind.RETURNED: AuditAction.REVIEW,
    EventKind.ACCEPTED: AuditAction.REVIEW,
    EventKind.REOPENED: AuditAction.REVIEW,
    EventKind.EXTENDED: AuditAction.EXTENSION,
    EventKind.TRANSFERRED: AuditAction.SUCCESSION,
}


def tell_history(session: Session, region_id: int, told: dict[int, datetime], *, until: datetime) -> None:
    """What was recorded in a region before `until` and is not told yet. `told`: region -> how far it has come."""
    since, told[region_id] = told.get(region_id), until
    entries = []
    seq, previous = locked_head(session, region_id)
    for act, changes in _acts(session, region_id, since, until):
        said = asdict(act)
        del said["region_id"]
        seq += 1
        entry = {
            **said,
            "chain": region_id,
            "seq": seq,
            "changes": changes,
            "removed_up_to": None,
            "previous_sha256": previous,
        }
        entry["sha256"] = previous = entry_sha256(entry)
        entries.append(entry)
    if entries:
        session.execute(insert(AuditEntry), entries)
        head = AuditChain.__table__  # type: ignore[attr-defined]
        session.execute(head.update().where(head.c.id == region_id).values(seq=seq, sha256=previous))


def tell_list(session: Session, frozen: OverdueList) -> None:
    """As the worker would have told of a list that it froze."""
    said = {
        "year": frozen.year,
        "number": frozen.number,
        "as_of": frozen.as_of.isoformat(),
        "row_count": frozen.row_count,
    }
    append_entry(
        session,
        Act(
            frozen.frozen_at,
            AuditAction.LIST_FROZEN,
            Channel.WORKER,
            region_id=frozen.region_id,
            subject_table="overdue_list",
            subject_id=frozen.id,
        ),
        [{"table": "overdue_list", "id": frozen.id, "after": {**said, "sha256": frozen.sha256}}],
    )


def _acts(
    session: Session, region_id: int, since: datetime | None, until: datetime
) -> Iterator[tuple[Act, list[dict[str, Any]]]]:
    statement: Any = (
        select(
            ObligationEvent,
            Account,
            col(Plan.title).label("plan"),
            col(Obligation.plan_id),
            col(Task.number),
            col(Task.title),
            col(Department.name).label("department"),
            col(Phase.name).label("phase"),
        )
        .join(Obligation, col(Obligation.id) == ObligationEvent.obligation_id)
        .join(Plan, col(Plan.id) == Obligation.plan_id)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
        .join(Department, col(Department.id) == ObligationEvent.department_id)
        .outerjoin(Account, col(Account.id) == ObligationEvent.actor_id)
        .where(col(Obligation.region_id) == region_id, col(ObligationEvent.recorded_at) < until)
        .order_by(col(ObligationEvent.recorded_at), col(Obligation.plan_id), col(ObligationEvent.id))
    )
    if since is not None:
        statement = statement.where(col(ObligationEvent.recorded_at) >= since)
    rows = session.execute(statement)
    for (at, nobody), same in groupby(rows, key=lambda row: (row[0].recorded_at, row[1] is None)):
        if nobody:
            yield from _by_nobody(at, region_id, list(same))
        else:
            yield from (_by_somebody(row, region_id) for row in same)


def _by_nobody(at: datetime, region_id: int, rows: list[Any]) -> Iterator[tuple[Act, list[dict[str, Any]]]]:
    """Plans that were published, successions whose day had come: one act for all that they did."""
    for plan_id, group in groupby(rows, key=lambda row: row.plan_id):
        same = list(group)
        opened = [row[0].obligation_id for row in same if row[0].kind is EventKind.OPENED]
        keys = opened or [row[0].obligation_id for row in same]
        yield (
            Act(
                at,
                AuditAction.PLAN_PUBLISHED if opened else AuditAction.SUCCESSION,
                Channel.COMMAND if opened else Channel.WORKER,
                region_id=region_id,
                subject_table="plan",
                subject_id=plan_id,
                subject=same[0].plan,
            ),
            [
                {
                    "table": "obligation",
                    "added" if opened else "changed": len(keys),
                    "first": min(keys),
                    "last": max(keys),
                }
            ],
        )


def _by_somebody(row: Any, region_id: int) -> tuple[Act, list[dict[str, Any]]]:
    event, account = row[0], row[1]
    by_office = account.role is AccountRole.SECRETARIAT
    told = {
        "obligation_id": event.obligation_id,
        "kind": event.kind.value,
        "on": event.on.isoformat(),
        "state": event.state.value,
        "due": event.due.isoformat() if event.due else None,
        "reason": event.reason or None,
    }
    return (
        Act(
            event.recorded_at,
            _ACTIONS.get(event.kind, AuditAction.REVIEW),
            Channel.WEB,
            region_id=region_id,
            actor_id=account.id,
            actor=account.name,
            role=account.role.value,
            # The office's own network and one for the departments; no such addresses are anybody's.
            address=f"10.{8 if by_office else 9}.{region_id}.{account.id % 250 + 1}",
            subject_table="obligation",
            subject_id=event.obligation_id,
            subject=f"{row.number} {row.title}（{row.department} · {row.phase}）"[:300],
        ),
        [
            {
                "table": "obligation_event",
                "id": event.id,
                "after": {name: value for name, value in told.items() if value is not None},
            }
        ],
    )
