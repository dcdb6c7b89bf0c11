"""What every way in ends with: the session's cookie, and the page that was asked for or what had been typed."""

import math
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import Response

from app.changes.known_devices import FORGOTTEN_AFTER, MOST_IN_BROWSER
from app.changes.sign_in import Browser, SignedIn
from app.errors import TooManyTries
from app.rendering import page
from app.routers.acts import address_of
from app.routers.cookies import read_cookie, set_cookie
from app.routers.dependencies import COOKIE, Typed, own_path, see_other
from app.routers.form_token import masked
from app.settings import Settings

DEVICE_COOKIE = "duban_device"
RESUME = "resume-"  # before the names of the fields that a form had when its session was found ended


def browser_of(request: Request) -> Browser:
    devices = tuple(token for token in read_cookie(request, DEVICE_COOKIE).split(".") if token)
    return Browser(
        address_of(request),
        request.headers.get("User-Agent", ""),
        session=read_cookie(request, COOKIE),
        devices=devices[:MOST_IN_BROWSER],
    )


def kept_form(typed: Typed) -> dict[str, Any] | None:
    """The form that was sent without a session, if there was one; the shape of error_pages' `kept`."""
    path = typed.text("resume")
    if not path:
        return None
    fields = {name.removeprefix(RESUME): texts for name, texts in typed.lists.items() if name.startswith(RESUME)}
    return {"path": own_path(path), "fields": fields, "files": typed.checked("had-files")}


def arrive(
    request: Request, entered: SignedIn, *, target: str, kept: dict[str, Any] | None, knobs: Settings
) -> Response:
    """With a session that waits for its second factor to that one's page, and on from there with the same two."""
    answer: Response
    if kept:
        name = "sign_in/resume_factor.html" if entered.factor_due else "sign_in/resume.html"
        answer = page(request, name, kept=kept, next=target, csrf=masked(entered.csrf))
    elif entered.factor_due:
        answer = see_other(f"/sign-in/second-factor?{urlencode({'next': target})}")
    else:
        answer = see_other(target)
    set_cookie(request, answer, COOKIE, entered.token, max_age=knobs.session_hours * 3600)
    if entered.devices is not None:
        devices = ".".join(entered.devices)
        set_cookie(request, answer, DEVICE_COOKIE, devices, max_age=int(FORGOTTEN_AFTER.total_seconds()))
    return answer


def not_yet(answer: Response, error: TooManyTries) -> Response:
    """429 says when to come again (RFC 6585, 4)."""
    answer.headers["Retry-After"] = str(math.ceil(error.wait.total_seconds()))
    return answer
