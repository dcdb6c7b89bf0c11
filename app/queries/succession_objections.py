"""What stands against taking a succession back: everything that was built on it since."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import or_
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.domain.workflow import EventKind
from app.models import (
    Account,
    Assignment,
    Department,
    Extension,
    GroupMember,
    IndicatorLead,
    Milestone,
    Obligation,
    ObligationEvent,
    Phase,
    Succession,
    Task,
)
from app.queries.successions import standing_successions

BATCH = 500
# A new edition of the plan may move dates and roles meanwhile: they stay as they are now.
HARMLESS = frozenset({EventKind.DUE_MOVED, EventKind.ROLE_CHANGED})


class ObjectionKind(StrEnum):
    CHANGED = "changed"
    ASKED = "asked"
    SINCE = "since"
    LATER = "later"
    ACCOUNT = "account"
    PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Objection:
    """`what`: the obligation, the succession, the account or the task that is meant; `event`: what happened to it."""

    kind: ObjectionKind
    what: str
    obligation_id: int | None = None
    succession_id: int | None = None
    account_id: int | None = None
    event: EventKind | None = None


def objections(session: Session, rows: Sequence[Succession], done: dict[int, dict[str, Any]]) -> list[Objection]:
    """`done`: predecessor -> what applying it did. Empty: it may be taken back."""
    return [
        *_later(session, rows),
        *_changed(session, rows[0].region_id, done),
        *_since(session, rows, done),
        *_in_new_departments(session, rows, done),
    ]


def _later(session: Session, rows: Sequence[Succession]) -> Iterator[Objection]:
    """Another succession of the same departments that was carried out behind this one, or waits for its day."""
    own = {row.id for row in rows}
    involved = {key for row in rows for key in (row.predecessor_id, row.successor_id)}
    moment = max((row.applied_at for row in rows if row.applied_at), default=None)
    last = max(row.id or 0 for row in rows)
    names = _names(session, rows[0].region_id)
    for other in standing_successions(session, rows[0].region_id):
        if other.id in own or not involved & {other.predecessor_id, other.successor_id}:
            continue
        if moment is None:
            made = {row.successor_id for row in rows if row.made}
            behind = other.predecessor_id in {row.successor_id for row in rows} or other.successor_id in made
        else:
            behind = other.applied_at is None or (other.applied_at, other.id or 0) > (moment, last)
        if behind:
            what = f"{names[other.predecessor_id]} → {names[other.successor_id]}"
            yield Objection(ObjectionKind.LATER, what, succession_id=other.id)


def _names(session: Session, region_id: int) -> dict[int | None, str]:
    return dict(session.execute(select(Department.id, Department.name).where(Department.region_id == region_id)).all())


def _past(session: Session, region_id: int) -> set[tuple[int, int]]:
    """(obligation, number of the event) of everything that was taken back, and of the taking back."""
    found: set[tuple[int, int]] = set()
    for done in session.exec(
        select(Succession.done).where(Succession.region_id == region_id, col(Succession.undone_at).is_not(None))
    ):
        for key, _holder, seq in (done or {}).get("moved", ()):
            found.add((key, seq))
        for one in (done or {}).get("merged", ()):
            found.add((one["cancelled"], one["seq"]))
            found |= {(one["kept"], seq) for seq in range(one["kept_from"], one["kept_seq"] + 1)}
        for text, seqs in (done or {}).get("taken_back", {}).items():
            found |= {(int(text), seq) for seq in seqs}
    return found


def _changed(session: Session, region_id: int, done: dict[int, dict[str, Any]]) -> Iterator[Objection]:
    """Reported, asked for an extension, reviewed: on what went over, or on what is done for both.

    What another succession did and was taken back for is not counted.
    """
    past = _past(session, region_id)
    last = {key: seq for one in done.values() for key, _holder, seq in one.get("moved", ())}
    for one in (part for parts in done.values() for part in parts.get("merged", ())):
        last[one["cancelled"]] = one["seq"]
        last[one["kept"]] = max(one["kept_seq"], last.get(one["kept"], 0))
    moments = _moments(session, last)
    keys = sorted(last)
    for start in range(0, len(keys), BATCH):
        part = keys[start : start + BATCH]
        seen: set[int] = set()
        statement = (
            _with_task(col(ObligationEvent.seq), col(ObligationEvent.kind))
            .join(ObligationEvent, col(ObligationEvent.obligation_id) == Obligation.id)
            .where(col(Obligation.id).in_(part), col(ObligationEvent.kind).not_in(HARMLESS))
            .order_by(col(Obligation.id), col(ObligationEvent.seq))
        )
        for key, what, seq, kind in _said(session.execute(statement)):
            if seq > last[key] and key not in seen and (key, seq) not in past:
                seen.add(key)
                yield Objection(ObjectionKind.CHANGED, what, obligation_id=key, event=kind)
        asked = (
            _with_task(col(Extension.requested_at))
            .join(Extension, col(Extension.obligation_id) == Obligation.id)
            .where(col(Obligation.id).in_(part))
            .order_by(col(Extension.id))
        )
        for key, what, at in _said(session.execute(asked)):
            if key not in seen and at > moments[key]:
                seen.add(key)
                yield Objection(ObjectionKind.ASKED, what, obligation_id=key)


def _moments(session: Session, last: dict[int, int]) -> dict[int, datetime]:
    found: dict[int, datetime] = {}
    keys = sorted(last)
    for start in range(0, len(keys), BATCH):
        rows = session.execute(
            select(ObligationEvent.obligation_id, ObligationEvent.seq, ObligationEvent.recorded_at).where(
                col(ObligationEvent.obligation_id).in_(keys[start : start + BATCH])
            )
        )
        found |= {key: at for key, seq, at in rows if seq == last[key]}
    return found


def _with_task(*columns: Any) -> Any:
    whats: list[Any] = [col(Obligation.id), col(Task.number), col(Task.title), col(Phase.name), *columns]
    return (
        select_columns(*whats)
        .select_from(Obligation)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
    )


def _said(rows: Any) -> Iterator[tuple[Any, ...]]:
    for key, number, title, phase, *rest in rows:
        yield (key, f"{number} {title} · {phase}", *rest)


def _since(session: Session, rows: Sequence[Succession], done: dict[int, dict[str, Any]]) -> Iterator[Objection]:
    """What a successor was given in the old name's place later: by a plan, or when something was reopened."""
    moment = max((row.applied_at for row in rows if row.applied_at), default=None)
    if moment is None:
        return
    moved = {key for one in done.values() for key, _holder, _seq in one.get("moved", ())}
    holders = {row.successor_id for row in rows} | {
        holder for one in done.values() for _key, holder, _seq in one.get("moved", ())
    }
    predecessors = {row.predecessor_id for row in rows}
    groups = select(GroupMember.group_id).where(
        or_(col(GroupMember.department_id).in_(predecessors), col(GroupMember.department_id).in_(holders))
    )
    first, handed = aliased(ObligationEvent), aliased(ObligationEvent)
    opened = (
        _with_task()
        .join(first, (col(first.obligation_id) == Obligation.id) & (col(first.seq) == 1))
        .join(Assignment, col(Assignment.task_id) == Obligation.task_id)
        .where(
            col(Obligation.department_id).in_(holders),
            col(first.recorded_at) > moment,
            or_(
                col(Assignment.department_id).in_(predecessors),
                col(Assignment.group_id).in_(groups) & col(Obligation.group_id).is_not(None),
            ),
        )
        .distinct()
    )
    for key, what in _said(session.execute(opened)):
        yield Objection(ObjectionKind.PLAN, what, obligation_id=key)
    passed = (
        _with_task()
        .join(first, col(first.obligation_id) == Obligation.id)
        .join(handed, (col(handed.obligation_id) == first.obligation_id) & (col(handed.seq) == first.seq + 1))
        .where(
            col(Obligation.department_id).in_(holders),
            col(first.department_id).in_(predecessors),
            col(handed.kind) == EventKind.TRANSFERRED,
            col(handed.department_id).in_(holders),
            col(handed.recorded_at) > moment,
        )
        .distinct()
    )
    for key, what in _said(session.execute(passed)):
        if key not in moved:
            yield Objection(ObjectionKind.SINCE, what, obligation_id=key)


def _in_new_departments(
    session: Session, rows: Sequence[Succession], done: dict[int, dict[str, Any]]
) -> Iterator[Objection]:
    """A department that was made by it goes: nobody may be left in it, and no plan may name it."""
    made = {row.successor_id for row in rows if row.made}
    if not made:
        return
    came = {key for one in done.values() for key, _before, _since in one.get("accounts", ())}
    for key, name in session.execute(
        select(Account.id, Account.name)
        .where(col(Account.department_id).in_(made), col(Account.active).is_(True))
        .order_by(col(Account.id))
    ):
        if key not in came:
            yield Objection(ObjectionKind.ACCOUNT, name, account_id=key)
    named = (
        select(Department.name)
        .where(
            col(Department.id).in_(made),
            or_(
                col(Department.id).in_(select(Assignment.department_id)),
                col(Department.id).in_(select(IndicatorLead.department_id)),
            ),
        )
        .order_by(col(Department.id))
    )
    for name in session.exec(named):
        yield Objection(ObjectionKind.PLAN, name)
