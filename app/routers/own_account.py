"""我的账号: what is on record of oneself, one's password, and where one is signed in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.changes.change_password import change_password
from app.changes.end_sessions import end_one_session, end_sessions
from app.changes.password_hash import verify_password
from app.changes.password_rules import password_due, password_opens, policy_of
from app.changes.set_password import choose_password
from app.changes.sign_in_brake import count_own_password, strike_out
from app.changes.token_hash import token_sha256
from app.db import Database
from app.domain.audit import ActResult
from app.domain.browser_name import browser_name
from app.errors import Invalid, Overtaken, TooManyTries
from app.i18n import gettext as _
from app.i18n import officially
from app.models import Account
from app.queries.own_sessions import living_session, living_sessions
from app.queries.passwords import password_holder
from app.queries.report_links import living_report_links
from app.rendering import page
from app.routers.acts import act_of
from app.routers.cookies import read_cookie
from app.routers.dependencies import (
    COOKIE,
    DbSession,
    Form,
    Knobs,
    Now,
    RowId,
    SignedInViewer,
    Typed,
    own_path,
    see_other,
)
from app.routers.entering import arrive, browser_of, kept_form, not_yet
from app.settings import Settings
from app.trail import tell

router = APIRouter(prefix="/account")


@dataclass(frozen=True, slots=True)
class SessionRow:
    id: int
    here: bool
    browser: str
    address: str
    way: str
    begun: datetime
    seen: datetime


@router.get("")
def show(request: Request, session: DbSession, viewer: SignedInViewer, knobs: Knobs, now: Now) -> Response:
    account = session.get_one(Account, viewer.account_id)
    here = token_sha256(read_cookie(request, COOKIE))
    idle = timedelta(minutes=knobs.session_idle_minutes)
    rows = [
        SessionRow(
            id=row.id or 0,
            here=row.token_sha256 == here,
            browser=browser_name(row.agent),
            address=row.address,
            way=row.way,
            begun=row.created_at,
            seen=row.seen_at,
        )
        for row in living_sessions(session, viewer.account_id, now=now, idle=idle)
    ]
    return page(
        request,
        "account/account.html",
        account=account,
        sessions=rows,
        changes_by=_changes_by(account, knobs),
        has_password=password_opens(account.role, knobs),
        report_links=living_report_links(session, viewer.account_id, now=now),
    )


def _changes_by(account: Account, knobs: Settings) -> datetime | None:
    """When the password must be changed."""
    lasts = policy_of(knobs).lasts
    return (account.password_set_at or account.created_at) + lasts if lasts else None


@router.post("/sessions/others")
def end_others(request: Request, session: DbSession, viewer: SignedInViewer) -> Response:
    account = session.get_one(Account, viewer.account_id)
    here = living_session(session, token_sha256(read_cookie(request, COOKIE)))
    end_sessions(session, account, but=here)
    _tell_ended(session, account)
    return see_other("/account", "sessions-ended")


@router.post("/sessions/{session_id}/end")
def end_one(session: DbSession, viewer: SignedInViewer, session_id: RowId) -> Response:
    """Ending the session that one sits in is signing out."""
    account = session.get_one(Account, viewer.account_id)
    end_one_session(session, viewer.account_id, session_id)
    _tell_ended(session, account)
    return see_other("/account", "session-ended")


def _tell_ended(session: Session, account: Account) -> None:
    tell(session, subject_table="account", subject_id=account.id, subject=account.name)


@router.get("/password")
def ask(
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    knobs: Knobs,
    now: Now,
    next: str = "/account",  # noqa: A002 (the parameter's public name)
) -> Response:
    account = session.get_one(Account, viewer.account_id)
    return _asked(request, account, knobs, now, Typed(values={"next": next}))


@router.post("/password")
def change(request: Request, viewer: SignedInViewer, typed: Form, knobs: Knobs, now: Now) -> Response:
    """What takes its time, comparing and hashing, is done between short transactions."""
    database: Database = request.app.state.database
    with database.reading() as session:
        account = session.get_one(Account, viewer.account_id)
        holder = password_holder(session, viewer.account_id)
        session.expunge_all()
    if "new_password" not in typed.values:  # the page before has only handed on what was typed elsewhere
        return _asked(request, account, knobs, now, typed)
    policy, browser = policy_of(knobs), browser_of(request)
    try:
        if not account.must_change:
            _show_old(request, account, typed.text("old_password"), knobs, now)
        chosen = choose_password(holder, typed.text("new_password"), policy)
        with database.writing(act_of(request)) as session:
            entered = change_password(
                session, viewer.account_id, chosen, policy, settings=knobs, browser=browser, now=now
            )
    except TooManyTries as error:
        answer = _asked(request, account, knobs, now, typed, status=429, faults={"old_password": error.message})
        return not_yet(answer, error)
    except Invalid as error:
        return _asked(request, account, knobs, now, typed, status=422, faults=error.fields)
    except Overtaken as error:
        return _asked(request, account, knobs, now, typed, status=409, conflict=error.message)
    target = own_path(typed.text("next") or "/account")
    return arrive(request, entered, target=_told(target), kept=kept_form(typed), knobs=knobs)


def _told(target: str) -> str:
    return f"{target}{'&' if '?' in target else '?'}notice=password-changed"


def _show_old(request: Request, account: Account, password: str, knobs: Settings, now: datetime) -> None:
    """Raises Invalid, told to the trail, and TooManyTries."""
    if not password:
        raise Invalid({"old_password": _("请填写现在的密码。")})
    database: Database = request.app.state.database
    with database.writing() as session:
        counted = count_own_password(session, account.id or 0, settings=knobs, now=now)
    right, _renewed = verify_password(password, account.password_hash)
    with database.writing(act_of(request)) as session:
        if right:
            strike_out(session, counted)
            return
        with officially():
            tell(session, outcome=ActResult.REFUSED, reason=_("现在的密码不正确"))
    raise Invalid({"old_password": _("现在的密码不正确。")})


def _asked(
    request: Request,
    account: Account,
    knobs: Settings,
    now: datetime,
    typed: Typed,
    *,
    status: int = 200,
    faults: Mapping[str, str] | None = None,
    conflict: str = "",
) -> Response:
    """Never with a password that was typed."""
    way = "password"  # what is due is asked of sessions that were begun by a password alone; see password_due
    due = "initial" if account.must_change else "expired" if password_due(account, way, knobs, now) else ""
    return page(
        request,
        "account/password.html",
        status=status,
        login=account.login,
        next=own_path(typed.text("next") or "/account"),
        kept=kept_form(typed),
        policy=policy_of(knobs),
        due=due,
        faults=faults or {},
        conflict=conflict,
    )
