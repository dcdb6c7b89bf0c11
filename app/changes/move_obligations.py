"""Moves the live obligations of a department that is succeeded; closed ones keep the old name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.changes.record_event import record_event
from app.domain.succession import Step, way
from app.domain.workflow import LIVE, WEIGHT, EventKind, State
from app.i18n import gettext as _
from app.i18n import officially
from app.models import Department, Extension, Obligation
from app.models.extension import ExtensionState

# How many ids one statement asks for.
BATCH = 500


@dataclass(frozen=True, slots=True)
class Moving:
    """One department's handing-on as it is carried out. `steps`: all that have taken effect, this one among them."""

    session: Session
    region_id: int
    step: Step
    steps: Sequence[Step]
    now: datetime
    by: int | None
    names: Mapping[int, str]

    def path(self, task_id: int) -> list[tuple[Step, int]]:
        """From the department to who holds the task's duty now; empty where it stays."""
        if self.step.heir(task_id) is None:
            return []
        passed = way(self.steps, self.step.predecessor, task_id)
        return passed if passed and passed[-1][1] != self.step.predecessor else []


@dataclass(slots=True)
class Moved:
    """As `Succession.done` keeps it. `moved`: [obligation, holder, number of its event].

    `merged`: of two that were one duty the one that was cancelled, with its state before and the number of its event,
    and the one that is kept: {"cancelled", "seq", "state", "submitted_on", "kept", "kept_from", "kept_seq", "changed"},
    where the numbers from `kept_from` to `kept_seq` are the events that changed it, and `changed` is what it was.
    `requests`: for an extension, answered because the successor asks on its own.
    """

    moved: list[list[int]] = field(default_factory=list)
    merged: list[dict[str, Any]] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)


def names_of(session: Session, region_id: int) -> dict[int, str]:
    rows = session.execute(select(Department.id, Department.name).where(Department.region_id == region_id))
    return {key or 0: name for key, name in rows}


def move_obligations(moving: Moving) -> Moved:
    """Reads every row behind a lock: what a department sends in this moment comes before or after, never between."""
    session = moving.session
    result = Moved()
    rows = session.exec(
        select(Obligation)
        .where(
            Obligation.region_id == moving.region_id,
            Obligation.department_id == moving.step.predecessor,
            col(Obligation.state).in_(LIVE),
        )
        .order_by(col(Obligation.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    paths = {row.task_id: moving.path(row.task_id) for row in rows}
    leaving = [row for row in rows if paths[row.task_id]]
    taken = _held_by_heirs(moving, [row.milestone_id for row in leaving])
    for row in leaving:
        path = paths[row.task_id]
        holder = path[-1][1]
        other = taken.get((row.milestone_id, holder))
        if other is not None:
            _merge(moving, row, other, path, result)
            continue
        event = record_event(
            session,
            row,
            EventKind.TRANSFERRED,
            on=path[-1][0].on,
            now=moving.now,
            by=moving.by,
            reason=reason_of(path, moving),
            department_id=holder,
        )
        result.moved.append([row.id or 0, holder, event.seq])
        taken[row.milestone_id, holder] = row
    return result


def _held_by_heirs(moving: Moving, milestones: Sequence[int]) -> dict[tuple[int, int], Obligation]:
    found: dict[tuple[int, int], Obligation] = {}
    for start in range(0, len(milestones), BATCH):
        for row in moving.session.exec(
            select(Obligation)
            .where(
                col(Obligation.milestone_id).in_(milestones[start : start + BATCH]),
                Obligation.department_id != moving.step.predecessor,
            )
            .with_for_update()
            .execution_options(populate_existing=True)
        ):
            found[row.milestone_id, row.department_id] = row
    return found


@officially()
def reason_of(path: Sequence[tuple[Step, int]], moving: Moving) -> str:
    sentence = _("%(old)s的职责自%(on)s起由%(new)s承继。")
    return "".join(
        sentence % {"old": moving.names[step.predecessor], "on": step.on.isoformat(), "new": moving.names[heir]}
        for step, heir in path
    )


def _merge(moving: Moving, row: Obligation, kept: Obligation, path: Sequence[tuple[Step, int]], result: Moved) -> None:
    """Several predecessors of one successor on one milestone: one report is enough, under the heavier role.

    What was not done yet must be done by somebody: the successor's own obligation comes to life again if it was
    cancelled, or if it was done in a lighter role.
    """
    with officially():
        reason = reason_of(path, moving) + _("承继单位已有同一节点的事项，并案办理。")
    on = path[-1][0].on
    changed: dict[str, Any] = {}
    kept_from = kept.revision + 1

    def record(obligation: Obligation, kind: EventKind, **values: Any) -> None:
        record_event(moving.session, obligation, kind, on=on, now=moving.now, by=moving.by, reason=reason, **values)

    heavier = WEIGHT[row.role] > WEIGHT[kept.role]
    if kept.state is State.CANCELLED or (kept.state is State.ACCEPTED and heavier):
        changed["state"] = kept.state.value
        if kept.state is State.ACCEPTED:
            changed["submitted_on"] = kept.submitted_on.isoformat() if kept.submitted_on else None
        record(kept, EventKind.REOPENED)
        if kept.due != row.due:
            changed["due"] = kept.due.isoformat() if kept.due else None
            record(kept, EventKind.DUE_MOVED, due=row.due)
    if heavier:
        changed["role"] = kept.role.value
        record(kept, EventKind.ROLE_CHANGED, role=row.role)
    before = {"state": row.state.value, "submitted_on": row.submitted_on.isoformat() if row.submitted_on else None}
    _answer_request(moving, row, reason, result)
    record(row, EventKind.CANCELLED)
    result.merged.append(
        {
            "cancelled": row.id,
            "seq": row.revision,
            **before,
            "kept": kept.id,
            "kept_from": kept_from,
            "kept_seq": kept.revision,
            "changed": changed,
        }
    )


def _answer_request(moving: Moving, row: Obligation, reason: str, result: Moved) -> None:
    """Nobody could decide a request on an obligation that is cancelled; the successor asks on its own."""
    asked = moving.session.exec(
        select(Extension).where(Extension.obligation_id == row.id, Extension.state == ExtensionState.REQUESTED)
    ).one_or_none()
    if asked is not None:
        asked.sqlmodel_update(
            {
                "state": ExtensionState.REFUSED,
                "decision_reason": reason,
                "decided_by": moving.by,
                "decided_at": moving.now,
            }
        )
        moving.session.add(asked)
        result.requests.append(asked.id or 0)
