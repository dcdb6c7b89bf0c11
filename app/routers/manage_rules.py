"""The rules by which the product reminds and judges: in words, and where they can be set, in a form."""

from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer, manages_region, plan_for_managing
from app.changes.extend_due import YEARS_BEYOND_PLAN
from app.changes.set_reminder_rules import drop_rules, rules_mark, set_rules
from app.domain.lights import DUE_SOON_DAYS, START_DAYS
from app.domain.reasons_of_dates import reminder_days
from app.domain.reminder_rules import DEFAULT_RULES, ReminderRules
from app.errors import DubanError, Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Account, Plan
from app.queries.reminder_rules import (
    departments_without_leader,
    rule_of,
    rules_in,
    rules_of_plan,
    rules_of_plans,
)
from app.queries.work_calendar import work_calendar
from app.rendering import page
from app.routers.dependencies import DbSession, Form, Knobs, Now, SignedInViewer, Today, Typed, parse_day, see_other
from app.routers.rules_form import form_of, typed_form

router = APIRouter(prefix="/manage/rules")

FIRST_YEAR, LAST_YEAR = 2000, 2099


@router.get("")
def show(request: Request, session: DbSession, viewer: SignedInViewer, knobs: Knobs) -> Response:
    manages_region(viewer)
    default, plans = rules_of_plans(session, viewer.region_id)
    leaders_hear = any(one.rules.leader_after is not None for one in (default, *plans))
    return page(
        request,
        "manage/rules/index.html",
        default=default,
        plans=plans,
        leaders_hear=leaders_hear,
        unled=departments_without_leader(session, viewer.region_id) if leaders_hear else [],
        due_soon=DUE_SOON_DAYS,
        start=START_DAYS,
        at=knobs.digest_time,
        beyond=YEARS_BEYOND_PLAN,
    )


def _due(typed: str, today: date) -> date | None:
    """The due date that is worked out: the end of this year where none was typed, None for what is no day."""
    day = parse_day(typed) if typed else date(today.year, 12, 31)
    return day if day is not None and FIRST_YEAR <= day.year <= LAST_YEAR else None


def _form(
    request: Request,
    session: Session,
    viewer: Viewer,
    today: date,
    plan: Plan | None,
    *,
    due: str = "",
    typed: Typed | None = None,
    error: DubanError | None = None,
) -> Response:
    """With an error or a mere question: what was typed, worked out as far as it can be read.

    After a conflict the form carries the present mark, so that the second attempt counts.
    """
    row = rule_of(session, viewer.region_id, plan.id if plan else None)
    kept = rules_in(row) if row else _otherwise(session, viewer, plan)
    form = typed_form(typed) if typed else form_of(kept)
    faults = dict(error.fields) if isinstance(error, Invalid) else {}
    rules: ReminderRules | None = None
    try:
        rules = form.rules()
    except Invalid as unread:
        faults |= unread.fields
    typed_due = typed.text("due") if typed else due
    day = _due(typed_due, today)
    if day is None:
        faults["due"] = _("请填写%(first)s至%(last)s年间的日期，如2024-12-31、2024/12/31或2024年12月31日。") % {
            "first": FIRST_YEAR,
            "last": LAST_YEAR,
        }
    overtaken = isinstance(error, Overtaken)
    calendar = work_calendar(session, viewer.region_id)
    setter = session.get(Account, row.set_by) if row and row.set_by else None
    return page(
        request,
        "manage/rules/form.html",
        status=409 if overtaken else 422 if faults else 200,
        plan=plan,
        path=_path(plan),
        row=row,
        set_by=setter.name if setter else None,
        kept=kept,
        form=form,
        mark=typed.text("seen") if typed and not overtaken else rules_mark(row),
        unsaved=rules is not None and rules != kept,
        days=reminder_days(calendar, day, day, rules) if day and rules else None,
        due=day,
        typed_due=typed_due or (day.isoformat() if day else ""),
        faults=faults,
        conflict=error.message if overtaken and error else "",
    )


def _otherwise(session: Session, viewer: Viewer, plan: Plan | None) -> ReminderRules:
    """What counts where nobody has set anything."""
    return rules_of_plan(session, viewer.region_id, plan.id or 0) if plan else DEFAULT_RULES


def _path(plan: Plan | None) -> str:
    return f"/manage/rules/plans/{plan.code}" if plan else "/manage/rules/default"


def _save(
    request: Request, session: Session, viewer: Viewer, typed: Typed, now: Now, today: date, plan: Plan | None
) -> Response:
    """The button that only works the example out saves nothing."""
    if typed.checked("preview"):
        return _form(request, session, viewer, today, plan, typed=typed)
    try:
        rules = typed_form(typed).rules()
        set_rules(session, viewer.region_id, plan, rules, seen=typed.text("seen"), by=viewer.account_id, now=now)
    except (Invalid, Overtaken) as error:
        return _again(request, session, viewer, today, plan, typed=typed, error=error)
    return see_other("/manage/rules", "saved")


def _remove(
    request: Request, session: Session, viewer: Viewer, typed: Typed, today: date, plan: Plan | None
) -> Response:
    try:
        drop_rules(session, viewer.region_id, plan, seen=typed.text("seen"))
    except Overtaken as error:
        return _again(request, session, viewer, today, plan, error=error)
    return see_other("/manage/rules", "rules-dropped")


def _again(
    request: Request,
    session: Session,
    viewer: Viewer,
    today: date,
    plan: Plan | None,
    *,
    error: DubanError,
    typed: Typed | None = None,
) -> Response:
    code = plan.code if plan else None
    session.rollback()
    plan = plan_for_managing(session, viewer, code) if code else None
    return _form(request, session, viewer, today, plan, typed=typed, error=error)


@router.get("/default")
def show_default(request: Request, session: DbSession, viewer: SignedInViewer, today: Today, due: str = "") -> Response:
    manages_region(viewer)
    return _form(request, session, viewer, today, None, due=due.strip())


@router.post("/default")
def save_default(
    request: Request, session: DbSession, viewer: SignedInViewer, typed: Form, now: Now, today: Today
) -> Response:
    manages_region(viewer)
    return _save(request, session, viewer, typed, now, today, None)


@router.post("/default/remove")
def remove_default(request: Request, session: DbSession, viewer: SignedInViewer, typed: Form, today: Today) -> Response:
    manages_region(viewer)
    return _remove(request, session, viewer, typed, today, None)


@router.get("/plans/{code}")
def show_plan(
    request: Request, session: DbSession, viewer: SignedInViewer, today: Today, code: str, due: str = ""
) -> Response:
    return _form(request, session, viewer, today, plan_for_managing(session, viewer, code), due=due.strip())


@router.post("/plans/{code}")
def save_plan(
    request: Request, session: DbSession, viewer: SignedInViewer, typed: Form, now: Now, today: Today, code: str
) -> Response:
    return _save(request, session, viewer, typed, now, today, plan_for_managing(session, viewer, code))


@router.post("/plans/{code}/remove")
def remove_plan(
    request: Request, session: DbSession, viewer: SignedInViewer, typed: Form, today: Today, code: str
) -> Response:
    return _remove(request, session, viewer, typed, today, plan_for_managing(session, viewer, code))
