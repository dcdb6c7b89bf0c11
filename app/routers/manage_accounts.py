"""The accounts of the region: who may come in, where their mail goes, what they may do."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer, account_for_managing, changes_accounts_of, keeps_accounts
from app.access.roles import roles_to_give
from app.changes.account_fields import find_place, usual_name
from app.changes.add_account import NewAccount, add_account
from app.changes.close_account import close_account, reopen_account
from app.changes.edit_account import AccountEdit, account_mark, edit_account
from app.changes.end_sessions import end_sessions
from app.changes.reset_password import first_way_in, reset_password
from app.errors import DubanError, Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Account, Department, Region
from app.models.account import AccountRole
from app.queries.accounts import (
    AccountFilter,
    Standing,
    accounts,
    department_names,
    departments_without_liaison,
    name_is_taken,
)
from app.queries.directory import load_directory
from app.queries.one_time_links import open_link
from app.queries.reminder_rules import charge_names
from app.rendering import page
from app.routers.dependencies import (
    DbSession,
    Form,
    Knobs,
    Now,
    RowId,
    SignedInViewer,
    Today,
    Typed,
    get_now,
    see_other,
)
from app.trail import tell

router = APIRouter(prefix="/manage/accounts")

LONGEST_QUESTION = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as they stand in the address."""

    q: str = ""
    role: str = ""
    department: str = ""
    standing: str = ""

    @property
    def query(self) -> str:
        return urlencode({name: text for name, text in asdict(self).items() if text})


def _wanted(asked: Asked, departments: Sequence[tuple[int, str]], faults: dict[str, str]) -> AccountFilter:
    """What is wrong is left out and gets its sentence; what is right still counts."""
    wanted = AccountFilter()
    if asked.role:
        if asked.role in set(AccountRole):
            wanted = replace(wanted, role=AccountRole(asked.role))
        else:
            faults["role"] = _("没有这种角色，请在列表中选择。")
    if asked.department:
        key = next((key for key, _name in departments if str(key) == asked.department), None)
        if key is None:
            faults["department"] = _("没有这个单位，请在列表中选择。")
        wanted = replace(wanted, department_id=key)
    if asked.standing:
        if asked.standing in set(Standing):
            wanted = replace(wanted, standing=Standing(asked.standing))
        else:
            faults["standing"] = _("没有这种状态，请在列表中选择。")
    if len(asked.q) > LONGEST_QUESTION:
        faults["q"] = _("查找内容不能超过%(limit)s个字。") % {"limit": LONGEST_QUESTION}
    else:
        wanted = replace(wanted, text=asked.q.strip())
    return wanted


@router.get("")
def index(
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    asked: Annotated[Asked, Depends()],
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
) -> Response:
    keeps_accounts(viewer)
    departments = department_names(session, viewer.region_id)
    faults: dict[str, str] = {}
    found = accounts(session, viewer.region_id, _wanted(asked, departments, faults), after=after)
    return page(
        request,
        "manage/accounts/index.html",
        status=422 if faults else 200,
        asked=asked,
        found=found,
        later=after > 0,
        departments=departments,
        roles=list(AccountRole),
        changes_accounts_of=changes_accounts_of,
        faults=faults,
    )


@router.get("/unheard")
def unheard(request: Request, session: DbSession, viewer: SignedInViewer, today: Today) -> Response:
    """Departments without a liaison who could be reminded."""
    keeps_accounts(viewer)
    found = departments_without_liaison(session, viewer.region_id, today)
    return page(request, "manage/accounts/unheard.html", found=found)


def _new(
    request: Request, session: Session, viewer: Viewer, typed: Mapping[str, str], error: Invalid | None = None
) -> Response:
    return page(
        request,
        "manage/accounts/new.html",
        status=422 if error else 200,
        form=typed,
        faults=error.fields if error else {},
        roles=roles_to_give(separate=viewer.separate_duties),
        departments=department_names(session, viewer.region_id),
    )


@router.get("/new")
def new(request: Request, session: DbSession, viewer: SignedInViewer, role: str = "", department: str = "") -> Response:
    keeps_accounts(viewer)
    return _new(request, session, viewer, {"role": role, "department": department})


def _role(typed: Typed) -> AccountRole:
    """Raises Invalid."""
    try:
        return AccountRole(typed.text("role"))
    except ValueError as error:
        raise Invalid({"role": _("请选择角色。")}) from error


@router.post("")
def add(
    request: Request, session: DbSession, viewer: SignedInViewer, typed: Form, today: Today, now: Now, knobs: Knobs
) -> Response:
    """Answers with the page that says how its owner gets in: an initial password is kept nowhere to be read again."""
    keeps_accounts(viewer)
    region = session.get_one(Region, viewer.region_id)
    try:
        role = _role(typed)
        if role not in roles_to_give(separate=viewer.separate_duties):
            raise Invalid({"role": _("请选择角色。")})
        wanted = NewAccount(
            login=typed.text("login"),
            name=typed.text("name") or _usual_name(session, region, role, typed.text("department"), today),
            role=role,
            department=typed.text("department") or None,
            email=typed.text("email") or None,
        )
        account = add_account(session, region, wanted, now=now)
        way_in = first_way_in(session, account, by=viewer.account_id, settings=knobs, now=now)
    except Invalid as error:
        session.rollback()
        return _new(request, session, viewer, typed.values, error)
    return page(request, "manage/accounts/way_in.html", account=account, way_in=way_in, is_new=True)


def _usual_name(session: Session, region: Region, role: AccountRole, department: str, today: date) -> str | None:
    place = find_place(load_directory(session, region.id or 0, today=today), role, department)
    if isinstance(place, str):
        return None
    name = usual_name(region, role, place)
    # Two of one department must not be called alike: on a hand-over sheet nobody could tell them apart.
    return None if name_is_taken(session, region.id or 0, name) else name


def _one(
    request: Request,
    session: Session,
    viewer: Viewer,
    account: Account,
    *,
    typed: Typed | None = None,
    error: DubanError | None = None,
) -> Response:
    held = session.get(Department, account.department_id) if account.department_id else None
    kept = {
        "name": account.name,
        "role": account.role.value,
        "department": held.name if held else "",
        "email": account.email or "",
    }
    overtaken = isinstance(error, Overtaken)
    return page(
        request,
        "manage/accounts/account.html",
        status=200 if error is None else 409 if overtaken else 422,
        account=account,
        department=held,
        kept=kept,
        form=kept | typed.values if typed else kept,
        mark=account_mark(account),
        roles=[role for role in AccountRole if role in {account.role, *roles_to_give(separate=viewer.separate_duties)}],
        departments=department_names(session, viewer.region_id),
        charge=charge_names(session, account.id or 0),
        link=open_link(session, account.id or 0, now=get_now(request)),
        faults=error.fields if isinstance(error, Invalid) else {},
        conflict=error.message if overtaken and error else "",
    )


@router.get("/{account_id}")
def show(request: Request, session: DbSession, viewer: SignedInViewer, account_id: RowId) -> Response:
    return _one(request, session, viewer, account_for_managing(session, viewer, account_id))


@router.post("/{account_id}")
def edit(
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    account_id: RowId,
    typed: Form,
    now: Now,
    knobs: Knobs,
) -> Response:
    account = account_for_managing(session, viewer, account_id)
    try:
        wanted = AccountEdit(
            seen=typed.text("seen"),
            name=typed.text("name"),
            role=_role(typed),
            department=typed.text("department") or None,
            email=typed.text("email") or None,
        )
        edit_account(
            session,
            account,
            wanted,
            by=viewer.account_id,
            now=now,
            separate=viewer.separate_duties,
            settings=knobs,
        )
    except (Invalid, Overtaken) as error:
        session.rollback()
        return _again(request, session, viewer, account_id, error, typed)
    return see_other(f"/manage/accounts/{account_id}", "saved")


def _again(
    request: Request,
    session: Session,
    viewer: Viewer,
    account_id: int,
    error: DubanError,
    typed: Typed | None = None,
) -> Response:
    """The account as it stands now, with what was typed and what is wrong with it."""
    account = account_for_managing(session, viewer, account_id)
    return _one(request, session, viewer, account, typed=typed, error=error)


@router.post("/{account_id}/close")
def close(request: Request, session: DbSession, viewer: SignedInViewer, account_id: RowId, now: Now) -> Response:
    account = account_for_managing(session, viewer, account_id)
    try:
        close_account(session, account, by=viewer.account_id, now=now, separate=viewer.separate_duties)
    except (Invalid, Overtaken) as error:
        session.rollback()
        return _again(request, session, viewer, account_id, error)
    return see_other(f"/manage/accounts/{account_id}", "account-closed")


@router.post("/{account_id}/reopen")
def reopen(request: Request, session: DbSession, viewer: SignedInViewer, account_id: RowId) -> Response:
    account = account_for_managing(session, viewer, account_id)
    try:
        reopen_account(session, account, by=viewer.account_id, separate=viewer.separate_duties)
    except Overtaken as error:
        session.rollback()
        return _again(request, session, viewer, account_id, error)
    return see_other(f"/manage/accounts/{account_id}", "account-reopened")


@router.post("/{account_id}/password")
def reset(
    request: Request, session: DbSession, viewer: SignedInViewer, account_id: RowId, knobs: Knobs, now: Now
) -> Response:
    account = account_for_managing(session, viewer, account_id)
    try:
        way_in = reset_password(
            session, account, by=viewer.account_id, settings=knobs, now=now, separate=viewer.separate_duties
        )
    except (Invalid, Overtaken) as error:
        session.rollback()
        return _again(request, session, viewer, account_id, error)
    return page(request, "manage/accounts/way_in.html", account=account, way_in=way_in, is_new=False)


@router.post("/{account_id}/sessions")
def end_everywhere(session: DbSession, viewer: SignedInViewer, account_id: RowId) -> Response:
    account = account_for_managing(session, viewer, account_id)
    end_sessions(session, account)
    tell(session, subject_table="account", subject_id=account.id, subject=account.name)
    return see_other(f"/manage/accounts/{account_id}", "account-sessions-ended")
