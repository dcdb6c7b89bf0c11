"""What comes to life again under a name that has gone goes to who holds its duties now."""

from datetime import date, datetime

from sqlmodel import Session, select

from app.changes.move_obligations import names_of
from app.changes.record_event import record_event
from app.domain.succession import Step, main_heir, way
from app.domain.workflow import EventKind
from app.errors import Invalid
from app.i18n import gettext as _
from app.i18n import officially
from app.models import Obligation
from app.queries.successions import steps_of_region


def _present(session: Session, obligation: Obligation, today: date) -> tuple[int, list[tuple[Step, int]]]:
    steps = steps_of_region(session, obligation.region_id, until=today)
    if not any(step.predecessor == obligation.department_id for step in steps):
        return obligation.department_id, []
    passed = way(steps, obligation.department_id, obligation.task_id)
    reached = passed[-1][1] if passed else obligation.department_id
    return main_heir(steps, reached), passed


def must_be_free(session: Session, obligation: Obligation, *, today: date) -> None:
    """Raises Invalid where the present holder has an obligation on the same milestone: that one is to be reopened."""
    holder, _passed = _present(session, obligation, today)
    if holder == obligation.department_id:
        return
    taken = session.exec(
        select(Obligation.id).where(
            Obligation.milestone_id == obligation.milestone_id, Obligation.department_id == holder
        )
    ).first()
    if taken is not None:
        name = names_of(session, obligation.region_id)[holder]
        sentence = _("原单位的职责已由%(name)s承继，同一节点%(name)s另有事项，请重新办理那一件。")
        raise Invalid({"reason": sentence % {"name": name}})


def hand_on(session: Session, obligation: Obligation, *, now: datetime, by: int | None, today: date) -> None:
    """From today on; where the department has not gone nothing happens."""
    holder, _passed = _present(session, obligation, today)
    if holder == obligation.department_id:
        return
    names = names_of(session, obligation.region_id)
    with officially():
        reason = _("%(old)s的职责已由%(new)s承继，重新办理由%(new)s承担。") % {
            "old": names[obligation.department_id],
            "new": names[holder],
        }
    record_event(
        session, obligation, EventKind.TRANSFERRED, on=today, now=now, by=by, reason=reason, department_id=holder
    )
