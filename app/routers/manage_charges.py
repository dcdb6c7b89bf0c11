"""Which departments a leader is in charge of: his account's page of its own, for those who keep the accounts."""

from collections.abc import Collection

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer
from app.access.reminders import leader_for_managing
from app.changes.set_charges import charges_mark, charges_of, set_charges
from app.errors import DubanError, Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Account
from app.queries.reminder_rules import charges, departments_to_lead, rules_of_plans
from app.rendering import page
from app.routers.dependencies import DbSession, Form, RowId, SignedInViewer, Typed, see_other

router = APIRouter(prefix="/manage/accounts")

_LONGEST_KEY = 18  # digits of a row's number


def _page(
    request: Request,
    session: Session,
    viewer: Viewer,
    account: Account,
    *,
    typed: Typed | None = None,
    error: DubanError | None = None,
) -> Response:
    account_id = account.id or 0
    named = charges_of(session, account_id)
    effective = charges(session, viewer.region_id).get(account_id, frozenset())
    overtaken = isinstance(error, Overtaken)
    default, plans = rules_of_plans(session, viewer.region_id)
    return page(
        request,
        "manage/accounts/charges.html",
        status=200 if error is None else 409 if overtaken else 422,
        account=account,
        kinds=departments_to_lead(session, viewer.region_id, named or ()),
        named=named,
        inherited=(effective or frozenset()) - (named or frozenset()),
        whole=typed.text("whole") if typed else "all" if named is None else "some",
        ticked=set(_keys(typed)) if typed else named or frozenset(),
        mark=typed.text("seen") if typed and not overtaken else charges_mark(named),
        leaders_hear=any(one.rules.leader_after is not None for one in (default, *plans)),
        faults=error.fields if isinstance(error, Invalid) else {},
        conflict=error.message if overtaken and error else "",
    )


def _keys(typed: Typed) -> Collection[int]:
    """What is no number stands for no department, and is refused as one that there is not."""
    texts = typed.lists.get("departments", [])
    return [int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_KEY else 0 for text in texts]


def _wanted(typed: Typed) -> Collection[int] | None:
    """Raises Invalid."""
    if typed.text("whole") == "all":
        return None
    if typed.text("whole") != "some":
        raise Invalid({"whole": _("请选择分管全部单位还是部分单位。")})
    return _keys(typed)


@router.get("/{account_id}/charges")
def show(request: Request, session: DbSession, viewer: SignedInViewer, account_id: RowId) -> Response:
    return _page(request, session, viewer, leader_for_managing(session, viewer, account_id))


@router.post("/{account_id}/charges")
def save(request: Request, session: DbSession, viewer: SignedInViewer, account_id: RowId, typed: Form) -> Response:
    account = leader_for_managing(session, viewer, account_id)
    try:
        set_charges(session, account, _wanted(typed), seen=typed.text("seen"))
    except (Invalid, Overtaken) as error:
        session.rollback()
        account = leader_for_managing(session, viewer, account_id)
        return _page(request, session, viewer, account, typed=typed, error=error)
    return see_other(f"/manage/accounts/{account_id}", "saved")
