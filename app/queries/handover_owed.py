"""What waits for an account, with all that its successor must know of it: four statements, however much it is."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, null, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from app.clock import local_day
from app.domain.handover_sheet import OwedLine, quoted
from app.domain.lights import Light, shown
from app.domain.workflow import LIVE, State
from app.i18n import gettext as _
from app.models import (
    Account,
    Department,
    Extension,
    Milestone,
    Obligation,
    Phase,
    Plan,
    ProgressUpdate,
    Region,
    Review,
    Task,
    UpdateDraft,
)
from app.models.account import AccountRole
from app.models.extension import ExtensionState
from app.models.review import ReviewDecision
from app.queries.obligations import FAR
from app.words import day, light_phrase, month_day, word

PLACE: list[Any] = [
    col(Obligation.id).label("id"),
    col(Plan.title).label("plan"),
    col(Task.number).label("number"),
    col(Task.title).label("title"),
    col(Phase.name).label("phase"),
]


def whose(account: Account) -> Any:
    """A department's own sheet need not name it in every line."""
    named = null() if account.department_id else col(Department.name)
    return named.label("department")


def joined(*columns: Any) -> Select[Any]:
    return (
        select_columns(*columns)
        .select_from(Obligation)
        .join(Plan, col(Plan.id) == Obligation.plan_id)
        .join(Task, col(Task.id) == Obligation.task_id)
        .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
        .join(Phase, col(Phase.id) == Milestone.phase_id)
    )


def _waits_for(account: Account) -> list[ColumnElement[bool]]:
    """Which obligations are the account's to look after."""
    region = [col(Obligation.region_id) == account.region_id, col(Milestone.withdrawn).is_(False)]
    if account.role is AccountRole.SECRETARIAT:
        asked = select_columns(col(Extension.obligation_id)).where(
            col(Extension.region_id) == account.region_id, col(Extension.state) == ExtensionState.REQUESTED
        )
        return [*region, or_(col(Obligation.state) == State.SUBMITTED, col(Obligation.id).in_(asked))]
    return [
        *region,
        col(Obligation.department_id) == account.department_id,
        col(Obligation.state).in_(LIVE),
    ]


def owed_lines(session: Session, region: Region, account: Account, today: date) -> list[OwedLine]:
    conditions = _waits_for(account)
    returned: dict[int, str] = {
        key: quoted(reason)
        for key, reason in session.execute(
            select_columns(col(Review.obligation_id), col(Review.reason))
            .join(Obligation, col(Obligation.id) == Review.obligation_id)
            .join(Milestone, col(Milestone.id) == Obligation.milestone_id)
            .where(
                *conditions,
                col(Obligation.state) == State.RETURNED,
                col(Review.decision) == ReviewDecision.RETURNED,
            )
            .order_by(col(Review.id))
        )
    }
    requests = {
        key: _("申请延至%(day)s：%(reason)s") % {"day": day(proposed, weekday=False), "reason": quoted(reason)}
        for key, proposed, reason in session.execute(
            select_columns(col(Extension.obligation_id), col(Extension.proposed_due), col(Extension.reason)).where(
                col(Extension.region_id) == region.id, col(Extension.state) == ExtensionState.REQUESTED
            )
        )
    }
    drafts = {
        key: _draft_words(typed, local_day(saved_at, region.time_zone))
        for key, typed, saved_at in session.execute(
            select_columns(col(UpdateDraft.obligation_id), col(UpdateDraft.typed), col(UpdateDraft.saved_at)).where(
                col(UpdateDraft.account_id) == account.id
            )
        )
    }
    statement = (
        joined(
            *PLACE,
            whose(account),
            col(Obligation.role).label("role"),
            col(Obligation.state).label("state"),
            col(Obligation.due).label("due"),
            col(Obligation.first_due).label("first_due"),
            col(Obligation.risk).label("risk"),
            col(Obligation.late_days).label("late_days"),
            col(Milestone.review).label("review"),
            col(ProgressUpdate.on).label("last_on"),
            col(ProgressUpdate.text).label("text"),
            col(ProgressUpdate.next_step).label("next_step"),
            col(ProgressUpdate.percent).label("percent"),
            col(Account.name).label("author"),
        )
        .join(Department, col(Department.id) == Obligation.department_id)
        .outerjoin(ProgressUpdate, col(ProgressUpdate.id) == Obligation.last_update_id)
        .outerjoin(Account, col(Account.id) == ProgressUpdate.author_id)
        .where(*conditions)
    )
    rows = sorted(session.execute(statement).all(), key=lambda row: (row.due or FAR, row.id))
    return [_owed_line(row, today, returned, requests, drafts) for row in rows]


def _owed_line(
    row: Any, today: date, returned: dict[int, str], requests: dict[int, str], drafts: dict[int, str]
) -> OwedLine:
    seen = shown(row.state, row.due, today, risk=row.risk, late_days=row.late_days, reported=row.last_on is not None)
    light, phrase = word(seen.light), light_phrase(seen)
    return OwedLine(
        obligation=row.id,
        plan=row.plan,
        task=f"{row.number} {row.title}",
        phase=row.phase,
        department=row.department or "",
        role=word(row.role),
        due=_due_words(row),
        light=" ".join(
            part
            for part in (
                phrase if phrase.startswith(light) else f"{light} {phrase}".strip(),
                _("已退回") if seen.returned else "",
            )
            if part
        ),
        overdue=seen.light is Light.OVERDUE,
        last=_last_words(row) if row.last_on else "",
        promise=quoted(row.next_step or ""),
        returned=returned.get(row.id, ""),
        request=requests.get(row.id, ""),
        draft=drafts.get(row.id, ""),
    )


def _due_words(row: Any) -> str:
    if row.due is None:
        if row.review:
            said = month_day(int(row.review[:2]), int(row.review[3:]))
            return _("长期，每年%(day)s检视") % {"day": said}
        return _("原文未定日期")
    due = day(row.due, weekday=False)
    if row.first_due and row.first_due != row.due:
        return _("%(due)s（原期限%(first)s）") % {"due": due, "first": day(row.first_due, weekday=False)}
    return due


def _last_words(row: Any) -> str:
    return _("%(day)s %(who)s（%(percent)s%%）：%(text)s") % {
        "day": day(row.last_on, weekday=False),
        "who": row.author,
        "percent": row.percent,
        "text": quoted(row.text),
    }


def _draft_words(typed: dict[str, Any], saved_on: date) -> str:
    return _("%(day)s保存：%(text)s") % {
        "day": day(saved_on, weekday=False),
        "text": quoted(typed.get("text") or typed.get("next_step") or "") or _("（未写进展）"),
    }
