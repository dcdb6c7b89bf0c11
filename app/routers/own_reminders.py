"""What of reminders somebody gets, and how they want them."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer
from app.access.reminders import own_reminders, own_reminders_for_choosing
from app.access.report_links import may_have_report_link
from app.changes.choose_reminders import Choice, choice_of, choose_reminders
from app.domain.reminder_rules import Pace
from app.i18n import gettext as _
from app.models import Account
from app.queries.reminder_rules import charges, rules_of_plans
from app.rendering import page
from app.routers.dependencies import DbSession, Form, Knobs, SignedInViewer, see_other
from app.settings import Settings

router = APIRouter(prefix="/account/reminders")


def _page(
    request: Request, session: Session, viewer: Viewer, knobs: Settings, *, form: Choice | None = None, fault: str = ""
) -> Response:
    account = session.get_one(Account, viewer.account_id)
    default, plans = rules_of_plans(session, viewer.region_id)
    return page(
        request,
        "account/reminders.html",
        status=422 if fault else 200,
        account=account,
        form=form or choice_of(account),
        paces=list(Pace),
        may_link=may_have_report_link(account, knobs),
        charge=charges(session, viewer.region_id).get(viewer.account_id, frozenset()),
        default=default,
        own_rules=[one for one in plans if one.own],
        at=knobs.digest_time,
        faults={"pace": fault} if fault else {},
    )


@router.get("")
def show(request: Request, session: DbSession, viewer: SignedInViewer, knobs: Knobs) -> Response:
    own_reminders(viewer)
    return _page(request, session, viewer, knobs)


@router.post("")
def choose(request: Request, session: DbSession, viewer: SignedInViewer, typed: Form, knobs: Knobs) -> Response:
    own_reminders_for_choosing(viewer)
    pace = typed.text("pace")
    choice = Choice(
        pace=Pace(pace) if pace in set(Pace) else Pace.DAILY,
        attach_calendar=typed.checked("attach_calendar"),
        attach_sheet=typed.checked("attach_sheet"),
        one_click=typed.checked("one_click"),
    )
    if pace not in set(Pace):
        return _page(request, session, viewer, knobs, form=choice, fault=_("请选择多久收一次提醒。"))
    choose_reminders(session, session.get_one(Account, viewer.account_id), choice)
    return see_other("/account/reminders", "saved")
