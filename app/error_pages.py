"""Domain error -> status and page; the only place that knows both."""

from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from app.errors import BadToken, FormExpired, Invalid, NotFound, Overtaken, RequestTooLarge, SignInNeeded
from app.i18n import SOURCE, speaking
from app.i18n import gettext as _
from app.rendering import is_htmx, only_reads, page

_NOT_KEPT = frozenset({"csrf", "password", "next"})
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


def install_error_pages(app: FastAPI) -> None:
    def not_found(request: Request, _error: Exception) -> Response:
        return _answer(request, 404, _("找不到页面"), _("页面不存在，或您没有查看权限。"))

    def invalid(request: Request, error: Exception) -> Response:
        message = _("；").join(error.fields.values()) if isinstance(error, Invalid) else _("请求中的参数不正确。")
        return _answer(request, 422, _("内容有误"), message)

    def overtaken(request: Request, error: Exception) -> Response:
        assert isinstance(error, Overtaken)
        return _answer(request, 409, _("未执行"), error.message)

    def bad_token(request: Request, error: Exception) -> Response:
        assert isinstance(error, BadToken)
        return _answer(request, 403, _("页面已过期"), error.message)

    def form_expired(request: Request, _error: Exception) -> Response:
        return page(request, "sign_in/resume.html", status=403, kept=_kept(request), csrf=request.state.viewer.csrf)

    def too_large(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestTooLarge)
        return _answer(request, 413, _("提交内容过大"), error.message)

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
    app.add_exception_handler(BadToken, bad_token)
    app.add_exception_handler(FormExpired, form_expired)
    app.add_exception_handler(RequestTooLarge, too_large)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, failed)
