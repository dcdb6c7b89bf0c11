"""Cookies of ours, all under one rule.

Under https (`DUBAN_SECURE_COOKIES`) a cookie is called `__Host-…`: the browser then takes it from this very host alone,
for all its paths and over https only, so that neither a neighbour's subdomain nor a connection in the clear can plant
one (RFC 6265bis, 4.1.3.2; ASVS 5.0 3.3.1, 3.3.3). The name without the prefix counts for nothing there.

SameSite is Lax and not Strict: links in mails lead here from the page of a webmail, and a reader who is signed in
should not be asked again. What Lax lets through is GET alone, and GET changes nothing.
"""

from fastapi import Request
from fastapi.responses import Response
from starlette.requests import HTTPConnection

from app.settings import Settings

_PREFIX = "__Host-"


def cookie_name(settings: Settings, name: str) -> str:
    """As the browser knows it."""
    return _PREFIX + name if settings.secure_cookies else name


def read_cookie(request: HTTPConnection, name: str) -> str:
    """Empty without one."""
    return request.cookies.get(cookie_name(request.app.state.settings, name), "")


def set_cookie(request: Request, answer: Response, name: str, value: str, *, max_age: int) -> None:
    """`max_age` in seconds."""
    settings: Settings = request.app.state.settings
    answer.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=max_age,
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="lax",
    )


def drop_cookie(request: Request, answer: Response, name: str) -> None:
    """Also the one that was set before https was switched on."""
    settings: Settings = request.app.state.settings
    for known in {name, cookie_name(settings, name)}:
        answer.delete_cookie(known, path="/", secure=settings.secure_cookies, httponly=True, samesite="lax")
