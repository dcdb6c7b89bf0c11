"""A department asks for a later date; the secretariat grants or refuses. The first due date is never lost."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.changes.record_event import record_event
from app.changes.recorded_moment import hold_lists
from app.domain.workflow import WAITING_FOR_DEPARTMENT, EventKind
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Account, Extension, Obligation, Plan
from app.models.extension import ExtensionState
from app.words import day, word

REASON_LIMIT = 2_000
YEARS_BEYOND_PLAN = 1  # an extension ends at most so long after the plan's period


def _reason_fault(reason: str, field: str, empty: str) -> dict[str, str]:
    if not reason:
        return {field: empty}
    if len(reason) > REASON_LIMIT:
        return {field: _("理由不得超过%(limit)s字。") % {"limit": REASON_LIMIT}}
    return {}


def _date_fault(session: Session, obligation: Obligation, proposed: date | None, field: str) -> dict[str, str]:
    if proposed is None:
        return {field: _("请填写日期，格式如2025年3月31日或2025-03-31。")}
    if obligation.due is not None and proposed <= obligation.due:
        return {field: _("延期后的日期应晚于现行期限%(due)s。") % {"due": day(obligation.due, weekday=False)}}
    plan = session.get_one(Plan, obligation.plan_id)
    latest = date(plan.period_to + YEARS_BEYOND_PLAN, 12, 31)
    if proposed > latest:
        return {field: _("延期最多到规划期满后一年，即%(latest)s。") % {"latest": day(latest, weekday=False)}}
    return {}


def request_extension(
    session: Session,
    obligation: Obligation,
    *,
    reason: str,
    proposed_due: date | None,
    by: int,
    now: datetime,
    today: date,
) -> Extension:
    """Raises Overtaken when nothing may be asked for (any more), else Invalid with the faults of the form.

    In this order: who can no longer ask is not sent to mend a form first. The same request by the same person
    again, a double click, is the one that is there.
    """
    if obligation.due is None:
        raise Overtaken(_("此事项没有办结期限，无需申请延期。"))
    if obligation.state not in WAITING_FOR_DEPARTMENT:
        raise Overtaken(_("此事项已提交审核或已办结，不能再申请延期。"))
    asked = Extension(
        region_id=obligation.region_id,
        obligation_id=obligation.id or 0,
        state=ExtensionState.REQUESTED,
        reason=reason,
        due_before=obligation.due,
        proposed_due=proposed_due or obligation.due,
        requested_by=by,
        requested_on=today,
        requested_at=now,
    )
    open_one = _open_request(session, obligation)
    if open_one is not None:
        return _the_same(open_one, asked)
    faults = _reason_fault(reason, "reason", _("请填写延期理由。"))
    faults |= _date_fault(session, obligation, proposed_due, "proposed_due")
    if faults:
        raise Invalid(faults)
    hold_lists(session, obligation.region_id)
    try:
        with session.begin_nested():  # so that what the other one wrote can be read afterwards
            session.add(asked)
    except IntegrityError as error:  # two requests at the same moment: the unique index decides
        open_one = _open_request(session, obligation)
        if open_one is None:
            raise Overtaken(_taken()) from error
        return _the_same(open_one, asked)
    return asked


def _taken() -> str:
    return _("此事项已有一份延期申请待秘书处审批，请勿重复提交。")


def _open_request(session: Session, obligation: Obligation) -> Extension | None:
    return session.exec(
        select(Extension).where(Extension.obligation_id == obligation.id, Extension.state == ExtensionState.REQUESTED)
    ).one_or_none()


def _the_same(open_one: Extension, asked: Extension) -> Extension:
    """Raises Overtaken when it is another one."""
    told = ("reason", "proposed_due", "requested_by")
    if any(getattr(open_one, name) != getattr(asked, name) for name in told):
        raise Overtaken(_taken())
    return open_one


@dataclass(frozen=True, slots=True)
class _Decision:
    """`granted_due` None grants the proposed date."""

    grant: bool
    reason: str = ""
    granted_due: date | None = None

    def due(self, extension: Extension) -> date | None:
        return (self.granted_due or extension.proposed_due) if self.grant else None


def decide_extension(
    session: Session,
    extension: Extension,
    *,
    grant: bool,
    reason: str,
    granted_due: date | None,
    by: int,
    now: datetime,
    today: date,
) -> None:
    """Granting moves the due date, `granted_due` None to the proposed one; refusing needs a reason.

    The same decision by the same person again, a double click, is done already and changes nothing. Raises
    Overtaken when it was decided otherwise already, else Invalid with the faults of the form.
    """
    decision = _Decision(grant=grant, reason=reason, granted_due=granted_due)
    if _stands(session, extension, decision, by):
        return
    obligation = session.get_one(Obligation, extension.obligation_id)
    due = decision.due(extension)
    faults = _decision_faults(session, obligation, extension, decision)
    if faults:
        raise Invalid(faults)
    hold_lists(session, obligation.region_id)
    claim = (
        update(Extension)
        .where(col(Extension.id) == extension.id, col(Extension.state) == ExtensionState.REQUESTED)
        .values(
            state=ExtensionState.GRANTED if decision.grant else ExtensionState.REFUSED,
            granted_due=due,
            decision_reason=decision.reason,
            decided_by=by,
            decided_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    won = session.exec(claim).rowcount == 1
    session.refresh(extension)
    if not won:  # somebody was faster by less than this took
        _stands(session, extension, decision, by)
        return
    if decision.grant:
        record_event(
            session,
            obligation,
            EventKind.EXTENDED,
            on=today,
            now=now,
            by=by,
            reason=decision.reason or extension.reason,
            due=due,
        )


def _decision_faults(
    session: Session, obligation: Obligation, extension: Extension, decision: _Decision
) -> dict[str, str]:
    faults: dict[str, str] = {}
    if not decision.grant:
        return _reason_fault(decision.reason, "reason", _("请写明不同意的理由。"))
    if len(decision.reason) > REASON_LIMIT:
        faults["reason"] = _("理由不得超过%(limit)s字。") % {"limit": REASON_LIMIT}
    return faults | _date_fault(session, obligation, decision.due(extension), "granted_due")


def check_undecided(session: Session, extension: Extension) -> None:
    """Raises Overtaken with who decided it; when, the page says in the region's time."""
    if extension.state is ExtensionState.REQUESTED:
        return
    who = session.get(Account, extension.decided_by) if extension.decided_by else None
    raise Overtaken(
        _("此延期申请已由%(who)s审批（%(decision)s），您的决定未执行。审批结果见下。")
        % {"who": who.name if who else _("秘书处"), "decision": word(extension.state)}
    )


def _stands(session: Session, extension: Extension, decision: _Decision, by: int) -> bool:
    """Whether this very decision was made already. Raises Overtaken when another one was."""
    if extension.state is ExtensionState.REQUESTED:
        return False
    state = ExtensionState.GRANTED if decision.grant else ExtensionState.REFUSED
    made = (extension.state, extension.granted_due, extension.decision_reason, extension.decided_by)
    if made != (state, decision.due(extension), decision.reason, by):
        check_undecided(session, extension)
    return True
