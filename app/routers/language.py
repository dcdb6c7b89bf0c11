"""The language of the pages: one cookie, one small form in the head of every page."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import FormExpired, Invalid, SignInNeeded
from app.i18n import LANGUAGES, official_language, speaking
from app.i18n import gettext as _
from app.routers.cookies import read_cookie, set_cookie
from app.routers.dependencies import Form, from_this_site, get_viewer, own_path, see_other

router = APIRouter()

COOKIE = "duban_language"
_YEAR = 365 * 24 * 3600


class SpokenLanguage:
    """Says for each request which language is spoken. Pure ASGI, so that handlers run in the very context it sets."""

    def __init__(self, app: ASGIApp, *, official: str) -> None:
        self._app = app
        self._official = official

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        chosen = read_cookie(HTTPConnection(scope), COOKIE)
        language = chosen if chosen in LANGUAGES else self._official
        # The page of an error that nobody foresaw is made outside of here.
        scope.setdefault("state", {})["language"] = language
        with official_language(self._official), speaking(language):
            await self._app(scope, receive, send)


@router.post("/language")
def choose(request: Request, typed: Form) -> Response:
    """Back to the page one came from. Also for those who have not signed in."""
    try:
        get_viewer(request, typed)
        # The address bar: filters may have changed it since the form was made.
        target = _own_referer(request) or typed.text("next")
    except (SignInNeeded, FormExpired):
        from_this_site(request)
        target = typed.text("next")
    language = typed.text("language")
    if language not in LANGUAGES:
        raise Invalid({"language": _("没有这种语言，请在页面上方选择。")})
    answer = see_other(_without_notice(own_path(target or "/")))
    set_cookie(request, answer, COOKIE, language, max_age=_YEAR)
    return answer


def _own_referer(request: Request) -> str:
    """Path and query of the page that the form stood on; empty when the browser does not say, or it is not ours."""
    host, _slash, path = request.headers.get("Referer", "").partition("://")[2].partition("/")
    return f"/{path}" if host == request.headers.get("Host") else ""


def _without_notice(path: str) -> str:
    """What was done a moment ago is not said a second time."""
    parts = urlsplit(path)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "notice"]
    return parts._replace(query=urlencode(kept), fragment="").geturl()
