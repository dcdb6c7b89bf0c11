"""The one place where an obligation changes: row and event together, guarded by the revision that was read."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import ScalarSelect, update
from sqlmodel import Session, col, select

from app.changes.recorded_moment import recorded_moment
from app.domain import workflow
from app.domain.workflow import EventKind, Happening, NotAllowed, Role, Standing
from app.errors import Overtaken
from app.i18n import gettext as _
from app.models import Obligation, ObligationEvent


def standing_of(obligation: Obligation) -> Standing:
    return Standing(
        state=obligation.state,
        due=obligation.due,
        first_due=obligation.first_due,
        department_id=obligation.department_id,
        role=obligation.role,
        risk=obligation.risk,
        submitted_on=obligation.submitted_on,
        late_days=obligation.late_days,
        extensions=obligation.extensions,
    )


def record_event(
    session: Session,
    obligation: Obligation,
    kind: EventKind,
    *,
    on: date,
    now: datetime,
    by: int | None,
    reason: str = "",
    update_id: int | None = None,
    due: date | None = None,
    department_id: int | None = None,
    role: Role | None = None,
    risk: bool = False,
    also: dict[str, Any] | None = None,
) -> ObligationEvent:
    """Writes the event and the row it leads to; `also` are row columns outside the standing.

    It is recorded at `now`, or behind the last list that was frozen and behind the obligation's last event, whichever
    is latest: what is known only after a list cannot get into it, nor can an event overtake the one before it, even
    where clocks differ or were set back.

    Raises Overtaken when the event may not follow the state, or when somebody changed the row
    after `obligation` was read.
    """
    moment = recorded_moment(session, obligation.region_id, now)
    happening = Happening(kind, on, due=due, department_id=department_id, role=role, risk=risk)
    try:
        after = workflow.apply(standing_of(obligation), happening)
    except NotAllowed as error:
        raise Overtaken(_("事项状态已变化，本次操作未执行，请刷新后再办理。")) from error
    statement = (
        update(Obligation)
        .where(col(Obligation.id) == obligation.id, col(Obligation.revision) == obligation.revision)
        .values(**asdict(after), **(also or {}), revision=obligation.revision + 1)
        .returning(_last_recorded(obligation))
        .execution_options(synchronize_session=False)
    )
    won = session.execute(statement).one_or_none()
    if won is None:
        raise Overtaken(_("事项刚刚被他人更新，本次操作未执行，请核对后再提交。"))
    event = ObligationEvent(
        region_id=obligation.region_id,
        obligation_id=obligation.id or 0,
        seq=obligation.revision + 1,
        kind=kind,
        on=on,
        recorded_at=max(moment, won[0] or moment),
        actor_id=by,
        reason=reason,
        update_id=update_id,
        state=after.state,
        due=after.due,
        department_id=after.department_id,
        role=after.role,
        risk=after.risk,
    )
    session.add(event)
    session.flush()
    session.refresh(obligation)
    return event


def _last_recorded(obligation: Obligation) -> ScalarSelect[datetime]:
    """Comes back with the row that was won: no query of its own."""
    return (
        select(ObligationEvent.recorded_at)
        .where(ObligationEvent.obligation_id == obligation.id, ObligationEvent.seq == obligation.revision)
        .scalar_subquery()
    )
