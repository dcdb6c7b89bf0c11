"""Ways back in without a password: asking for a link by mail, and using one."""

from datetime import datetime

from fastapi import APIRouter, BackgroundTasks, Depends, Request
from fastapi.responses import Response

from app.changes.ask_for_link import ask_for_link
from app.changes.password_rules import password_opens, policy_of
from app.changes.set_password import choose_password
from app.changes.sign_in_brake import count_link
from app.changes.token_hash import token_sha256
from app.changes.use_link import use_link
from app.db import Database
from app.errors import Invalid, Overtaken, TooManyTries
from app.i18n import gettext as _
from app.queries.one_time_links import LivingLink, living_link
from app.queries.passwords import password_holder
from app.rendering import page
from app.routers.acts import act_of, address_of
from app.routers.dependencies import Form, Knobs, Now, from_this_site, get_settings
from app.routers.entering import arrive, browser_of, not_yet
from app.settings import Settings

router = APIRouter(prefix="/sign-in")


@router.get("/forgotten")
def forgotten(request: Request, login: str = "") -> Response:
    return page(request, "sign_in/forgotten.html", login=login, faults={}, sent=False)


@router.post("/forgotten", dependencies=[Depends(from_this_site)])
def send(request: Request, typed: Form, knobs: Knobs, now: Now, later: BackgroundTasks) -> Response:
    """The same answer after the same time whether there is such an account or not: what is done is done behind it."""
    login = typed.text("login")
    if not login:
        return _forgotten(request, 422, login, _("请填写账号。"))
    database: Database = request.app.state.database
    try:
        with database.writing() as session:
            count_link(session, login, address=address_of(request), settings=knobs, now=now)
    except TooManyTries as error:
        return not_yet(_forgotten(request, 429, login, error.message), error)
    later.add_task(_send, request, login, knobs, now)
    return page(request, "sign_in/forgotten.html", sent=True, hours=knobs.link_hours)


def _send(request: Request, login: str, knobs: Settings, now: datetime) -> None:
    database: Database = request.app.state.database
    with database.writing(act_of(request)) as session:
        ask_for_link(session, login, settings=knobs, now=now)


def _forgotten(request: Request, status: int, login: str, fault: str) -> Response:
    return page(request, "sign_in/forgotten.html", status=status, login=login, faults={"login": fault}, sent=False)


@router.get("/link/{token}")
def look(request: Request, token: str, knobs: Knobs, now: Now) -> Response:
    """Changes nothing, however often a mail scanner looks."""
    link = _living(request, token, now)
    return _void(request) if link is None else _chosen(request, link, token, knobs)


@router.post("/link", dependencies=[Depends(from_this_site)])
def use(request: Request, typed: Form, knobs: Knobs, now: Now) -> Response:
    """In two steps: the passwords are compared and hashed, which takes its time, then all is written at once."""
    token, policy = typed.text("token"), policy_of(knobs)
    database: Database = request.app.state.database
    link = _living(request, token, now)
    if link is None:
        return _void(request)
    with database.reading() as session:
        holder = password_holder(session, link.account.id or 0)
    try:
        chosen = choose_password(holder, typed.text("new_password"), policy)
        with database.writing(act_of(request)) as session:
            browser = browser_of(request)
            entered = use_link(session, link, chosen, policy, settings=knobs, browser=browser, now=now)
    except Invalid as error:
        return _chosen(request, link, token, knobs, error)
    except Overtaken:
        return _void(request)
    return arrive(request, entered, target="/", kept=None, knobs=knobs)


def _living(request: Request, token: str, now: datetime) -> LivingLink | None:
    database: Database = request.app.state.database
    with database.reading() as session:
        link = living_link(session, token_sha256(token), now=now)
        session.expunge_all()
    return link if link is not None and password_opens(link.account.role, get_settings(request)) else None


def _chosen(request: Request, link: LivingLink, token: str, knobs: Settings, error: Invalid | None = None) -> Response:
    answer = page(
        request,
        "sign_in/link.html",
        status=422 if error else 200,
        token=token,
        login=link.account.login,
        region=link.region.name,
        policy=policy_of(knobs),
        faults=error.fields if error else {},
    )
    return _quiet(answer)


def _void(request: Request) -> Response:
    return _quiet(page(request, "sign_in/link_void.html", status=410))


def _quiet(answer: Response) -> Response:
    """The address holds the token: what the page asks for must not bring it along. The form needs the origin."""
    answer.headers["Referrer-Policy"] = "strict-origin"
    return answer
