"""Domain error -> status and page; the only place that knows both."""

import math
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from app.errors import (
    BadToken,
    FactorNeeded,
    Forbidden,
    FormExpired,
    Invalid,
    NotFound,
    Overtaken,
    PasswordDue,
    RequestTooLarge,
    SignInNeeded,
    TooManyTries,
    Unavailable,
)
from app.i18n import SOURCE, speaking
from app.i18n import gettext as _
from app.rendering import is_htmx, only_reads, page

_NOT_KEPT = frozenset({"csrf", "password", "old_password", "new_password", "next"})
# What htmx does with an answer that is not the part it asked for: what was only read makes room for it; a page with
# something typed stays as it is, and the sentence goes into the box that every page has above it.
_INSTEAD = {"HX-Retarget": "#main", "HX-Reselect": "#main > *", "HX-Reswap": "innerHTML"}
_BESIDE = {"HX-Retarget": "#above", "HX-Reselect": "#beside", "HX-Reswap": "innerHTML"}


def _answer(request: Request, status: int, title: str, message: str) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse(
            {"type": "about:blank", "title": title, "status": status, "detail": message},
            status_code=status,
            media_type="application/problem+json",
        )
    if not is_htmx(request):
        return page(request, "errors/error.html", status=status, title=title, message=message)
    reads = only_reads(request)
    name, place = ("errors/error.html", _INSTEAD) if reads else ("errors/_beside.html", _BESIDE)
    answer: Response = page(request, name, status=status, title=title, message=message)
    answer.headers.update(place)
    return answer


def _kept(request: Request) -> dict[str, Any]:
    """What a form brought and where to: `path`, `fields` (name to its texts), `files` whether it had any."""
    typed = getattr(request.state, "typed", None)
    fields: dict[str, list[str]] = getattr(typed, "lists", {})
    return {
        "path": request.url.path,
        "fields": {name: texts for name, texts in fields.items() if name not in _NOT_KEPT},
        "files": bool(getattr(typed, "files", None)),
    }


def _sign_in(request: Request, _error: Exception) -> Response:
    by_htmx = is_htmx(request)
    if only_reads(request):
        shown = urlsplit(request.headers.get("HX-Current-URL", "")) if by_htmx else request.url
        target = quote(shown.path + (f"?{shown.query}" if shown.query else ""))
        if by_htmx:
            return Response(headers={"HX-Redirect": f"/sign-in?next={target}"})
        return RedirectResponse(f"/sign-in?next={target}", status_code=303)
    if by_htmx:
        answer: Response = page(request, "sign_in/_ended.html", status=401)
        answer.headers.update(_BESIDE)
        return answer
    return page(request, "sign_in/signed_out.html", status=401, login="", faults={}, kept=_kept(request))


def _factor_needed(request: Request, _error: Exception) -> Response:
    beside = "second_factor/_needed_beside.html"
    return _first_at(request, "/account/second-factor", "second_factor/needed.html", beside)


def _password_due(request: Request, _error: Exception) -> Response:
    return _first_at(request, "/account/password", "account/password_due.html", "account/_password_due_beside.html")


def _first_at(request: Request, path: str, whole: str, beside: str) -> Response:
    """Reading leads to what has to be done first; what was sent stays in its page and may be sent again afterwards."""
    if only_reads(request):
        target = f"{path}?{urlencode({'next': _asked_for(request)})}"
        return Response(headers={"HX-Redirect": target}) if is_htmx(request) else RedirectResponse(target, 303)
    if is_htmx(request):
        answer: Response = page(request, beside, status=403)
        answer.headers.update(_BESIDE)
        return answer
    return page(request, whole, status=403, kept=_kept(request))


def _too_many(request: Request, error: Exception) -> Response:
    assert isinstance(error, TooManyTries)
    answer = _answer(request, 429, _("请稍后再试"), error.message)
    answer.headers["Retry-After"] = str(math.ceil(error.wait.total_seconds()))  # RFC 6585, 4
    return answer


def _unavailable(request: Request, error: Exception) -> Response:
    assert isinstance(error, Unavailable)
    return _answer(request, 503, _("暂时不能办理"), error.message)


def _too_large(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestTooLarge)
    return _answer(request, 413, _("提交内容过大"), error.message)


def _asked_for(request: Request) -> str:
    shown = urlsplit(request.headers.get("HX-Current-URL", "")) if is_htmx(request) else request.url
    return shown.path + (f"?{shown.query}" if shown.query else "")


def install_error_pages(app: FastAPI) -> None:
    def not_found(request: Request, error: Exception) -> Response:
        if isinstance(error, Forbidden):
            request.state.refused = "forbidden"  # for the audit trail; see app/routers/recorded.py
        return _answer(request, 404, _("找不到页面"), _("页面不存在，或您没有查看权限。"))

    def invalid(request: Request, error: Exception) -> Response:
        message = _("；").join(error.fields.values()) if isinstance(error, Invalid) else _("请求中的参数不正确。")
        return _answer(request, 422, _("内容有误"), message)

    def overtaken(request: Request, error: Exception) -> Response:
        assert isinstance(error, Overtaken)
        return _answer(request, 409, _("未执行"), error.message)

    def bad_token(request: Request, error: Exception) -> Response:
        assert isinstance(error, BadToken)
        request.state.refused = "bad_token"
        return _answer(request, 403, _("页面已过期"), error.message)

    def form_expired(request: Request, _error: Exception) -> Response:
        return page(request, "sign_in/resume.html", status=403, kept=_kept(request), csrf=request.state.viewer.csrf)

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:  # noqa: PLR2004
            return not_found(request, error)
        return _answer(request, error.status_code, _("请求未能处理"), _("请返回上一页重试。"))

    def failed(request: Request, _error: Exception) -> Response:
        # This one is called outside of all that the application wraps around its requests.
        with speaking(getattr(request.state, "language", SOURCE)):
            message = _("系统未能完成操作，数据未被改动。请稍后重试；如仍出错，请联系系统管理员。")
            return _answer(request, 500, _("系统出错"), message)

    app.add_exception_handler(NotFound, not_found)
    app.add_exception_handler(Invalid, invalid)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Overtaken, overtaken)
    app.add_exception_handler(SignInNeeded, _sign_in)
    app.add_exception_handler(FactorNeeded, _factor_needed)
    app.add_exception_handler(PasswordDue, _password_due)
    app.add_exception_handler(TooManyTries, _too_many)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(BadToken, bad_token)
    app.add_exception_handler(FormExpired, form_expired)
    app.add_exception_handler(RequestTooLarge, _too_large)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, failed)
