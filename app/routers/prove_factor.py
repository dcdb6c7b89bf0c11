"""The second step of signing in."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from app.changes.prove_factor import prove_factor
from app.changes.token_hash import token_sha256
from app.errors import Invalid, SignInNeeded, TooManyTries
from app.i18n import gettext as _
from app.queries.sessions import signed_in
from app.rendering import page
from app.routers.cookies import drop_cookie, read_cookie
from app.routers.dependencies import (
    COOKIE,
    DbSession,
    Form,
    Knobs,
    Now,
    Wall,
    from_this_site,
    own_path,
    see_other,
)
from app.routers.entering import arrive, browser_of, kept_form, not_yet

router = APIRouter(prefix="/sign-in/second-factor")

Kept = dict[str, Any] | None


def _asked(
    request: Request, target: str, kept: Kept = None, *, status: int = 200, faults: dict[str, str] | None = None
) -> Response:
    return page(request, "second_factor/prove.html", status=status, next=target, kept=kept, faults=faults or {})


@router.get("")
def ask(request: Request, session: DbSession, knobs: Knobs, now: Now, next: str = "/") -> Response:  # noqa: A002
    """Opens for who has shown the password in this browser, and for nobody else."""
    target, idle = own_path(next), timedelta(minutes=knobs.session_idle_minutes)
    half_way = token_sha256(read_cookie(request, COOKIE))
    if signed_in(session, half_way, now=now, idle=idle, factor_due=True) is None:
        return see_other(f"/sign-in?{urlencode({'next': target})}")
    return _asked(request, target)


@router.post("", dependencies=[Depends(from_this_site)])
def prove(request: Request, session: DbSession, typed: Form, knobs: Knobs, now: Now, wall: Wall) -> Response:
    """What failed is counted and told: it is committed although the answer says no."""
    target, kept = own_path(typed.text("next") or "/"), kept_form(typed)
    if kept and "code" not in typed.values:  # the step before has only handed on what was typed
        return _asked(request, target, kept)
    try:
        entered = prove_factor(
            session,
            token_sha256(read_cookie(request, COOKIE)),
            typed.text("code"),
            settings=knobs,
            now=now,
            wall=wall,
            browser=browser_of(request),
        )
    except Invalid as error:
        return _asked(request, target, kept, status=422, faults=error.fields)
    except TooManyTries as error:
        return not_yet(_asked(request, target, kept, status=429, faults={"code": error.message}), error)
    except SignInNeeded:
        return _anew(request, target, kept)
    return arrive(request, entered, target=target, kept=kept, knobs=knobs)


def _anew(request: Request, target: str, kept: Kept) -> Response:
    name = "sign_in/signed_out.html" if kept else "sign_in/sign_in.html"
    faults = {"login": _("登录已超时，或动态码多次不正确。请重新填写账号和密码。")}
    answer: Response = page(request, name, status=401, login="", next=target, kept=kept, faults=faults)
    drop_cookie(request, answer, COOKIE)
    return answer
