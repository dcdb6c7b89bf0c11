"""Signing in and out."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from app.changes.sign_in import sign_in, sign_out
from app.errors import Invalid
from app.i18n import gettext as _
from app.rendering import page
from app.routers.dependencies import (
    COOKIE,
    DbSession,
    Form,
    Knobs,
    Now,
    SignedInViewer,
    Typed,
    from_this_site,
    own_path,
    see_other,
)
from app.routers.form_token import masked

router = APIRouter()


RESUME = "resume-"  # before the names of the fields that a form had when its session was found ended


def _kept(typed: Typed) -> dict[str, Any] | None:
    """The form that was sent without a session, if there was one; the shape of error_pages' `kept`."""
    path = typed.text("resume")
    if not path:
        return None
    fields = {name.removeprefix(RESUME): texts for name, texts in typed.lists.items() if name.startswith(RESUME)}
    return {"path": own_path(path), "fields": fields, "files": typed.checked("had-files")}


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
    return page(request, "sign_in/sign_in.html", login=login, next=own_path(next), faults={})


@router.post("/sign-in", dependencies=[Depends(from_this_site)])
def enter(request: Request, session: DbSession, typed: Form, knobs: Knobs, now: Now) -> Response:
    """Leads to the page that was asked for, or to what was typed before the session ended."""
    target, kept, login = own_path(typed.text("next") or "/"), _kept(typed), typed.text("login")
    password = typed.values.get("password", "")
    try:
        _check_filled(login, password)
        entered = sign_in(
            session,
            login,
            password,
            now=now,
            lasts=timedelta(hours=knobs.session_hours),
        )
    except Invalid as error:
        name = "sign_in/signed_out.html" if kept else "sign_in/sign_in.html"
        return page(request, name, status=422, login=login, next=target, kept=kept, faults=error.fields)
    answer: Response = (
        page(request, "sign_in/resume.html", kept=kept, csrf=masked(entered.csrf)) if kept else see_other(target)
    )
    answer.set_cookie(
        COOKIE,
        entered.token,
        max_age=knobs.session_hours * 3600,
        httponly=True,
        samesite="lax",
        secure=knobs.secure_cookies,
        path="/",
    )
    return answer


@router.post("/sign-out")
def leave(request: Request, session: DbSession, _viewer: SignedInViewer) -> Response:
    sign_out(session, request.cookies[COOKIE])
    answer = see_other("/sign-in")
    answer.delete_cookie(COOKIE, path="/")
    return answer
