"""Signing in and out."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from app.changes.known_devices import known_device
from app.changes.sign_in import Browser, SignedIn, sign_in, sign_out
from app.changes.sign_in_brake import count_sign_in
from app.db import Database
from app.errors import Invalid, TooManyTries
from app.i18n import gettext as _
from app.rendering import page
from app.routers.acts import act_of
from app.routers.cookies import drop_cookie, read_cookie
from app.routers.dependencies import (
    COOKIE,
    DbSession,
    Form,
    Knobs,
    Now,
    SignedInViewer,
    from_this_site,
    own_path,
    see_other,
)
from app.routers.entering import arrive, browser_of, kept_form, not_yet

router = APIRouter()


def _check_filled(login: str, password: str) -> None:
    """Raises Invalid for what was left empty: the browser is not asked to say so."""
    missing = {}
    if not login:
        missing["login"] = _("请填写账号。")
    if not password:
        missing["password"] = _("请填写密码。")
    if missing:
        raise Invalid(missing)


@router.get("/sign-in")
def form(request: Request, next: str = "/", login: str = "") -> Response:  # noqa: A002 (the parameter's public name)
    return page(request, "sign_in/sign_in.html", login=login, next=own_path(next), faults={}, kept=None)


@router.post("/sign-in", dependencies=[Depends(from_this_site)])
def enter(request: Request, typed: Form, knobs: Knobs, now: Now) -> Response:
    """Leads to the page that was asked for, or to what was typed before the session ended."""
    target, kept, login = own_path(typed.text("next") or "/"), kept_form(typed), typed.text("login")
    password = typed.values.get("password", "")

    def again(status: int, faults: dict[str, str], *, braked: bool = False) -> Response:
        name = "sign_in/signed_out.html" if kept else "sign_in/sign_in.html"
        said: dict[str, Any] = {"login": login, "next": target, "kept": kept, "faults": faults, "braked": braked}
        return page(request, name, status=status, **said)

    try:
        _check_filled(login, password)
        entered = _try(request, login, password, browser_of(request), knobs, now)
    except Invalid as error:
        return again(422, error.fields)
    except TooManyTries as error:
        return not_yet(again(429, {"login": error.message}, braked=True), error)
    return arrive(request, entered, target=target, kept=kept, knobs=knobs)


def _try(request: Request, login: str, password: str, browser: Browser, knobs: Knobs, now: Now) -> SignedIn:
    """In two transactions: the try is on record before the password is looked at. What is refused is told, too."""
    database: Database = request.app.state.database
    with database.writing() as session:
        device_id = known_device(session, login, browser.devices)
        counted = count_sign_in(session, login, address=browser.address, device_id=device_id, settings=knobs, now=now)
    lasts = timedelta(hours=knobs.session_hours)
    with database.writing(act_of(request)) as session:
        try:
            return sign_in(
                session, login, password, now=now, lasts=lasts, settings=knobs, browser=browser, counted=counted
            )
        except Invalid as error:
            refused = error
    raise refused


@router.post("/sign-out")
def leave(request: Request, session: DbSession, _viewer: SignedInViewer) -> Response:
    sign_out(session, read_cookie(request, COOKIE))
    answer = see_other("/sign-in")
    drop_cookie(request, answer, COOKIE)
    return answer
