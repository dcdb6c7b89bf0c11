"""Takes a succession back while nothing was built on it: by events, so that history keeps both."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.changes.apply_successions import lock_successions
from app.changes.move_people import end_sessions_of, hand_draft
from app.changes.record_event import record_event
from app.domain.workflow import EventKind, Role, State
from app.errors import DubanError, Overtaken
from app.i18n import gettext as _
from app.i18n import officially
from app.models import (
    Account,
    Department,
    DepartmentAlias,
    Extension,
    GroupMember,
    Obligation,
    ObligationEvent,
    Region,
    Succession,
    UpdateDraft,
)
from app.models.extension import ExtensionState
from app.queries.succession_objections import Objection, objections
from app.queries.successions import rows_of_act


class Stands(DubanError):
    """What was built on the succession stands against taking it back."""

    def __init__(self, found: Sequence[Objection]) -> None:
        super().__init__(_("这次沿革之后已有办理情况，不能撤销。"))
        self.found = found


def undo_succession(
    session: Session, region: Region, succession: Succession, *, now: datetime, by: int, today: date
) -> None:
    """With everything that was recorded together with it. Raises Overtaken when it is taken back already, or Stands."""
    lock_successions(session, region.id or 0)
    session.refresh(succession)
    if succession.undone_at is not None:
        raise Overtaken(_("这次沿革已经撤销。"))
    rows = [row for row in rows_of_act(session, succession) if row.undone_at is None]
    done = done_of(session, rows)
    found = objections(session, rows, done)
    if found:
        raise Stands(found)
    undoing = _Undoing(session, region, rows, now=now, by=by, today=today)
    for predecessor, told in done.items():
        undoing.take_back(predecessor, told)
    undoing.finish()


def done_of(session: Session, rows: Sequence[Succession]) -> dict[int, dict[str, Any]]:
    """Predecessor -> what applying did. Of what was applied before that was kept, the events tell."""
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        if row.applied_at is None:
            continue
        if row.done is not None:
            found[row.predecessor_id] = row.done
        elif not any(other.done for other in rows if other.predecessor_id == row.predecessor_id):
            parts = found.setdefault(row.predecessor_id, {"moved": [], "merged": []})
            for name, told in _told_by_events(session, row).items():
                parts[name] += told
    return found


def _told_by_events(session: Session, row: Succession) -> dict[str, list[Any]]:
    events = session.exec(
        select(ObligationEvent)
        .where(
            ObligationEvent.region_id == row.region_id,
            ObligationEvent.on == row.on,
            col(ObligationEvent.recorded_at) >= row.applied_at,
            col(ObligationEvent.kind).in_([EventKind.TRANSFERRED, EventKind.CANCELLED]),
            col(ObligationEvent.department_id).in_([row.predecessor_id, row.successor_id]),
            col(ObligationEvent.update_id).is_(None),
        )
        .order_by(col(ObligationEvent.id))
    ).all()
    before = _events_before(session, events)
    told: dict[str, list[Any]] = {"moved": [], "merged": []}
    for event in events:
        last = before.get((event.obligation_id, event.seq - 1))
        if last is None or last.department_id != row.predecessor_id:
            continue
        if event.kind is EventKind.TRANSFERRED and event.department_id == row.successor_id:
            told["moved"].append([event.obligation_id, row.successor_id, event.seq])
        elif event.kind is EventKind.CANCELLED and event.department_id == row.predecessor_id:
            merged = session.get_one(Obligation, event.obligation_id)
            kept = session.exec(
                select(Obligation).where(
                    Obligation.milestone_id == merged.milestone_id, Obligation.department_id == row.successor_id
                )
            ).one_or_none()
            if kept is not None:
                told["merged"].append(
                    {
                        "cancelled": merged.id,
                        "seq": event.seq,
                        "state": last.state.value,
                        "submitted_on": merged.submitted_on.isoformat() if merged.submitted_on else None,
                        "kept": kept.id,
                        "kept_from": _last_by(session, kept, event) + 1,
                        "kept_seq": _last_by(session, kept, event),
                        "changed": {},
                    }
                )
    return told


def _events_before(session: Session, events: Sequence[ObligationEvent]) -> dict[tuple[int, int], ObligationEvent]:
    keys = sorted({event.obligation_id for event in events})
    return {
        (one.obligation_id, one.seq): one
        for start in range(0, len(keys), 500)
        for one in session.exec(
            select(ObligationEvent).where(col(ObligationEvent.obligation_id).in_(keys[start : start + 500]))
        )
    }


def _last_by(session: Session, kept: Obligation, event: ObligationEvent) -> int:
    return max(
        session.exec(
            select(ObligationEvent.seq).where(
                ObligationEvent.obligation_id == kept.id, col(ObligationEvent.recorded_at) <= event.recorded_at
            )
        ).all(),
        default=0,
    )


class _Undoing:
    """One act as it is taken back."""

    def __init__(
        self, session: Session, region: Region, rows: Sequence[Succession], *, now: datetime, by: int, today: date
    ) -> None:
        self.session, self.region, self.rows = session, region, rows
        self.now, self.by, self.today = now, by, today
        self.names = dict(
            session.execute(select(Department.id, Department.name).where(Department.region_id == region.id)).all()
        )
        self.taken_back: dict[str, list[int]] = {}
        with officially():
            self.reason = _("%(day)s登记的机构沿革已撤销，恢复原状。") % {
                "day": (rows[0].recorded_at or rows[0].applied_at or now).astimezone(now.tzinfo).date().isoformat()
            }

    def take_back(self, predecessor: int, told: Mapping[str, Any]) -> None:
        for key, _holder, _seq in told.get("moved", ()):
            self._record(self._row(key), EventKind.TRANSFERRED, department_id=predecessor)
        for one in told.get("merged", ()):
            self._part(one)
        for key in told.get("requests", ()):
            asked = self.session.get_one(Extension, key)
            asked.sqlmodel_update(
                {"state": ExtensionState.REQUESTED, "decision_reason": "", "decided_by": None, "decided_at": None}
            )
            self.session.add(asked)
        self._accounts(told.get("accounts", ()))
        self._drafts(told.get("drafts", ()), told.get("moved", ()))
        self._seats(predecessor, told.get("seats", ()))
        first = next(row for row in self.rows if row.predecessor_id == predecessor)
        first.done = {**told, "taken_back": self.taken_back}
        self.taken_back = {}
        if told.get("secretariat"):
            self.region.secretariat = self.names[predecessor]
            self.session.add(self.region)

    def _row(self, key: int) -> Obligation:
        return self.session.get_one(Obligation, key, populate_existing=True)

    def _record(self, row: Obligation, kind: EventKind, *, on: date | None = None, **values: Any) -> None:
        event = record_event(
            self.session, row, kind, on=on or self.today, now=self.now, by=self.by, reason=self.reason, **values
        )
        self.taken_back.setdefault(str(row.id), []).append(event.seq)

    def _part(self, one: Mapping[str, Any]) -> None:
        """Two that had become one are two again, each as it stood."""
        kept, changed = self._row(one["kept"]), one["changed"]
        if "role" in changed:
            self._record(kept, EventKind.ROLE_CHANGED, role=Role(changed["role"]))
        if "due" in changed:
            self._record(kept, EventKind.DUE_MOVED, due=_day(changed["due"]))
        if changed.get("state") == State.CANCELLED:
            self._record(kept, EventKind.CANCELLED)
        elif changed.get("state") == State.ACCEPTED:
            self._submit(kept, changed["submitted_on"])
            self._record(kept, EventKind.ACCEPTED, update_id=kept.last_update_id)
        row = self._row(one["cancelled"])
        self._record(row, EventKind.REOPENED)
        if one["state"] in {State.SUBMITTED, State.RETURNED}:
            self._submit(row, one["submitted_on"])
        if one["state"] == State.RETURNED:
            self._record(row, EventKind.RETURNED, update_id=row.last_update_id)

    def _submit(self, row: Obligation, on: str | None) -> None:
        """What had been submitted is so again, from its own day on."""
        self._record(row, EventKind.SUBMITTED, on=_day(on), update_id=row.last_update_id)

    def _accounts(self, told: Sequence[Sequence[Any]]) -> None:
        """Those that nobody has put elsewhere since."""
        back = []
        for key, department, heir in told:
            account = self.session.get_one(Account, key, populate_existing=True)
            if account.department_id != (department if heir is None else heir):
                continue
            if heir is None:
                account.active = True
            account.department_id = department
            back.append(key)
            self.session.add(account)
        self.session.flush()
        end_sessions_of(self.session, back)

    def _drafts(self, told: Sequence[Sequence[int]], moved: Sequence[Sequence[int]]) -> None:
        """Back to who wrote them, and what was begun since to the liaisons of the old department."""
        for key, obligation, account, _obligation_since, _account_since in told:
            draft = self.session.get(UpdateDraft, key)
            if draft is not None:
                draft.account_id = account
                hand_draft(self.session, draft, obligation)
        keys = [one[0] for one in moved]
        for start in range(0, len(keys), 500):
            for draft in self.session.exec(
                select(UpdateDraft).where(col(UpdateDraft.obligation_id).in_(keys[start : start + 500]))
            ).all():
                hand_draft(self.session, draft, draft.obligation_id)

    def _seats(self, predecessor: int, told: Sequence[Sequence[Any]]) -> None:
        for group, place, heir, sat in told:
            seat = self.session.exec(
                select(GroupMember).where(GroupMember.group_id == group, GroupMember.department_id == heir)
            ).one_or_none()
            if sat or seat is None:
                self.session.add(GroupMember(group_id=group, department_id=predecessor, position=place))
            else:
                seat.department_id = predecessor
                self.session.add(seat)
        self.session.flush()

    def finish(self) -> None:
        for row in self.rows:
            row.undone_at, row.undone_by = self.now, self.by
            self.session.add(row)
        self.session.flush()
        made = {row.successor_id for row in self.rows if row.made}
        self.session.exec(delete(DepartmentAlias).where(col(DepartmentAlias.department_id).in_(made)))
        self.session.exec(delete(GroupMember).where(col(GroupMember.department_id).in_(made)))
        for row in self.rows:
            self._spellings(row)
        for key in made:
            department = self.session.get_one(Department, key)
            department.never_used = True
            self.session.add(department)
        self.session.flush()

    def _spellings(self, row: Succession) -> None:
        for alias in (row.choices or {}).get("aliases", ()):
            taken = self.session.exec(
                select(DepartmentAlias.id).where(
                    DepartmentAlias.region_id == row.region_id, DepartmentAlias.name == alias
                )
            ).first()
            if taken is None:
                self.session.add(DepartmentAlias(region_id=row.region_id, name=alias, department_id=row.predecessor_id))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
