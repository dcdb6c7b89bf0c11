"""Signing in and out."""

from datetime import timedelta
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.changes.sign_in import sign_in, sign_out
from app.errors import Invalid
from app.rendering import page
from app.routers.dependencies import COOKIE, DbSession, Form, Knobs, Now, SignedInViewer, see_other

router = APIRouter()


def _own_path(target: str) -> str:
    """Only a path of this site: a foreign address behind `next` would make sign-in a trap."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    return target


@router.get("/sign-in")
def form(request: Request, next: str = "/", login: str = "") -> Response:  # noqa: A002 (the parameter's public name)
    return page(request, "sign_in/sign_in.html", login=login, next=_own_path(next), faults={})


@router.post("/sign-in")
def enter(request: Request, session: DbSession, typed: Form, knobs: Knobs, now: Now) -> Response:
    target = _own_path(typed.text("next") or "/")
    try:
        entered = sign_in(
            session,
            typed.text("login"),
            typed.values.get("password", ""),
            now=now,
            lasts=timedelta(hours=knobs.session_hours),
        )
    except Invalid as error:
        return page(
            request, "sign_in/sign_in.html", status=422, login=typed.text("login"), next=target, faults=error.fields
        )
    answer = see_other(target)
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
