"""What carrying out a succession did, in words: from what it kept of itself."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.domain.workflow import Role, State
from app.models import (
    Account,
    Department,
    DepartmentAlias,
    DepartmentGroup,
    Milestone,
    Obligation,
    Phase,
    Plan,
    Succession,
    Task,
)
from app.models.account import AccountRole

BATCH = 500


@dataclass(frozen=True, slots=True)
class MovedRow:
    """One obligation that goes over. `late`: days by which it was overdue on the day it went over; 0: not."""

    obligation_id: int
    before: str
    after: str
    plan_title: str
    task_number: str
    task_title: str
    phase: str
    role: Role
    state: State
    due: date | None
    late: int


@dataclass(frozen=True, slots=True)
class MergedRow:
    """Cancelled because the successor has the same milestone. `revived`: what it has comes to life again."""

    row: MovedRow
    revived: bool
    heavier: bool


@dataclass(frozen=True, slots=True)
class AccountMove:
    """`after` is None for one that is closed."""

    account_id: int
    name: str
    role: AccountRole
    before: str
    after: str | None


@dataclass(frozen=True, slots=True)
class SuccessionEffects:
    """`seats`: (group, old, new). `spellings` stay with the old name, `taken` go to the new one: (it, old name)."""

    moved: Sequence[MovedRow]
    merged: Sequence[MergedRow]
    accounts: Sequence[AccountMove]
    seats: Sequence[tuple[str, str, str]]
    spellings: Sequence[tuple[str, str]]
    taken: Sequence[tuple[str, str]]
    requests: int
    drafts: int
    secretariat: bool
    made: Sequence[str]

    @property
    def late(self) -> int:
        return sum(1 for row in self.moved if row.late)

    def as_marked(self) -> Sequence[Any]:
        """All that a person decides on. Drafts go along whatever they are, and change while somebody types."""
        return (
            self.moved,
            self.merged,
            self.accounts,
            self.seats,
            self.spellings,
            self.taken,
            self.requests,
            self.made,
        )


def effects_of(
    session: Session, rows: Sequence[Succession], told: Mapping[int, Mapping[str, Any]]
) -> SuccessionEffects:
    """`told`: predecessor -> what applying did."""
    region_id = rows[0].region_id
    names = dict(session.execute(select(Department.id, Department.name).where(Department.region_id == region_id)).all())
    parts = [(next(row for row in rows if row.predecessor_id == key), done) for key, done in told.items()]
    keys = {one[0] for _row, done in parts for one in done.get("moved", ())}
    keys |= {one[key] for _row, done in parts for one in done.get("merged", ()) for key in ("cancelled", "kept")}
    said = _told(session, keys)
    predecessors = {row.predecessor_id for row in rows}
    return SuccessionEffects(
        moved=sorted(
            (
                _row(said[key], names[row.predecessor_id], names[holder], row.on)
                for row, done in parts
                for key, holder, _seq in done.get("moved", ())
            ),
            key=lambda one: one.obligation_id,
        ),
        merged=[one for row, done in parts for one in _merged(said, names, row, done)],
        accounts=_accounts(session, names, parts),
        seats=_seats(session, names, parts),
        spellings=[
            (alias, names[key])
            for alias, key in session.execute(
                select(DepartmentAlias.name, DepartmentAlias.department_id)
                .where(col(DepartmentAlias.department_id).in_(predecessors))
                .order_by(col(DepartmentAlias.id))
            )
        ],
        taken=[(one, names[row.predecessor_id]) for row in rows for one in (row.choices or {}).get("aliases", ())],
        requests=sum(len(done.get("requests", ())) for _row_, done in parts),
        drafts=sum(len(done.get("drafts", ())) for _row_, done in parts),
        secretariat=any(done.get("secretariat") for _row_, done in parts),
        made=list(dict.fromkeys(names[row.successor_id] for row in rows if row.made)),
    )


def _told(session: Session, keys: Collection[int]) -> dict[int, Any]:
    found: dict[int, Any] = {}
    wanted = sorted(keys)
    columns: list[Any] = [
        col(Obligation.id).label("id"),
        col(Plan.title).label("plan_title"),
        col(Task.number).label("task_number"),
        col(Task.title).label("task_title"),
        col(Phase.name).label("phase"),
        col(Obligation.role).label("role"),
        col(Obligation.state).label("state"),
        col(Obligation.due).label("due"),
        col(Department.name).label("holder"),
    ]
    for start in range(0, len(wanted), BATCH):
        statement = (
            select_columns(*columns)
            .join(Plan, col(Plan.id) == Obligation.plan_id)
            .join(Task, col(Task.id) == Obligation.task_id)
            .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
            .join(Phase, col(Phase.id) == Milestone.phase_id)
            .join(Department, col(Department.id) == Obligation.department_id)
            .where(col(Obligation.id).in_(wanted[start : start + BATCH]))
        )
        found |= {row.id: row for row in session.execute(statement)}
    return found


def _row(told: Any, before: str, after: str, on: date, state: State | None = None) -> MovedRow:
    state = state or told.state
    waiting = state in {State.OPEN, State.RETURNED}
    return MovedRow(
        obligation_id=told.id,
        before=before,
        after=after,
        plan_title=told.plan_title,
        task_number=told.task_number,
        task_title=told.task_title,
        phase=told.phase,
        role=told.role,
        state=state,
        due=told.due,
        late=max(0, (on - told.due).days) if told.due is not None and waiting else 0,
    )


def _merged(
    told: Mapping[int, Any], names: Mapping[int | None, str], row: Succession, done: Mapping[str, Any]
) -> Iterator[MergedRow]:
    for one in done.get("merged", ()):
        yield MergedRow(
            _row(
                told[one["cancelled"]],
                names[row.predecessor_id],
                told[one["kept"]].holder,
                row.on,
                State(one["state"]),
            ),
            revived="state" in one["changed"],
            heavier="role" in one["changed"],
        )


def _accounts(
    session: Session, names: Mapping[int | None, str], parts: Sequence[tuple[Succession, Mapping[str, Any]]]
) -> list[AccountMove]:
    done = {key: (before, since) for _row, one in parts for key, before, since in one.get("accounts", ())}
    found = session.execute(
        select(Account.id, Account.name, Account.role).where(col(Account.id).in_(done)).order_by(col(Account.id))
    )
    moves = []
    for key, name, role in found:
        before, since = done[key or 0]
        moves.append(AccountMove(key or 0, name, role, names[before], None if since is None else names[since]))
    return moves


def _seats(
    session: Session, names: Mapping[int | None, str], parts: Sequence[tuple[Succession, Mapping[str, Any]]]
) -> list[tuple[str, str, str]]:
    seats = [(row.predecessor_id, seat) for row, one in parts for seat in one.get("seats", ())]
    groups = dict(
        session.execute(
            select(DepartmentGroup.id, DepartmentGroup.name).where(
                col(DepartmentGroup.id).in_([seat[0] for _key, seat in seats])
            )
        ).all()
    )
    return [(groups[seat[0]], names[key], names[seat[2]]) for key, seat in seats]
