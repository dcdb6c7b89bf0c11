"""A department asks for a later date; the secretariat grants or refuses. The first due date is never lost."""

from datetime import date, datetime, timedelta

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.changes.record_event import record_event
from app.domain.workflow import WAITING_FOR_DEPARTMENT, EventKind
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Extension, Obligation, Plan
from app.models.extension import ExtensionState

REASON_LIMIT = 2_000


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
        return {field: _("延期后的日期应晚于现行期限%(due)s。") % {"due": obligation.due.isoformat()}}
    plan = session.get_one(Plan, obligation.plan_id)
    latest = date(plan.period_to, 12, 31) + timedelta(days=366)
    if proposed > latest:
        return {field: _("延期不得晚于%(latest)s。") % {"latest": latest.isoformat()}}
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
    """Raises Invalid with the faults of the form, Overtaken when one is asked for already."""
    faults = _reason_fault(reason, "reason", _("请填写延期理由。"))
    faults |= _date_fault(session, obligation, proposed_due, "proposed_due")
    if faults or proposed_due is None:
        raise Invalid(faults)
    if obligation.due is None:
        raise Overtaken(_("此事项没有办结期限，无需申请延期。"))
    if obligation.state not in WAITING_FOR_DEPARTMENT:
        raise Overtaken(_("此事项已提交审核或已办结，不能再申请延期。"))
    open_one = session.exec(
        select(Extension.id).where(
            Extension.obligation_id == obligation.id, Extension.state == ExtensionState.REQUESTED
        )
    ).first()
    extension = Extension(
        region_id=obligation.region_id,
        obligation_id=obligation.id or 0,
        state=ExtensionState.REQUESTED,
        reason=reason,
        due_before=obligation.due,
        proposed_due=proposed_due,
        requested_by=by,
        requested_on=today,
        requested_at=now,
    )
    taken = _("此事项已有一份延期申请待秘书处审批，请勿重复提交。")
    if open_one is not None:
        raise Overtaken(taken)
    session.add(extension)
    try:
        session.flush()
    except IntegrityError as error:  # two requests at the same moment: the unique index decides
        raise Overtaken(taken) from error
    return extension


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
    """Granting moves the due date. `granted_due` None grants the proposed date; refusing needs a reason.

    Raises Invalid with the faults of the form, Overtaken when it was decided already.
    """
    obligation = session.get_one(Obligation, extension.obligation_id)
    due = (granted_due or extension.proposed_due) if grant else None
    faults: dict[str, str] = {}
    if not grant:
        faults |= _reason_fault(reason, "reason", _("请写明不同意的理由。"))
    elif len(reason) > REASON_LIMIT:
        faults["reason"] = _("理由不得超过%(limit)s字。") % {"limit": REASON_LIMIT}
    if grant:
        faults |= _date_fault(session, obligation, due, "granted_due")
    if faults:
        raise Invalid(faults)
    claim = (
        update(Extension)
        .where(col(Extension.id) == extension.id, col(Extension.state) == ExtensionState.REQUESTED)
        .values(
            state=ExtensionState.GRANTED if grant else ExtensionState.REFUSED,
            granted_due=due,
            decision_reason=reason,
            decided_by=by,
            decided_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    if session.exec(claim).rowcount != 1:
        raise Overtaken(_("此延期申请刚刚已由他人审批，您的决定未执行。"))
    session.refresh(extension)
    if grant:
        record_event(
            session,
            obligation,
            EventKind.EXTENDED,
            on=today,
            now=now,
            by=by,
            reason=reason or extension.reason,
            due=due,
        )
