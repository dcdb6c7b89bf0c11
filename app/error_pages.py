"""Domain error -> status and page; the only place that knows both."""

from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from app.errors import BadToken, Invalid, NotFound, Overtaken, RequestTooLarge, SignInNeeded
from app.i18n import gettext as _
from app.rendering import page


def _answer(request: Request, status: int, title: str, message: str) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse(
            {"type": "about:blank", "title": title, "status": status, "detail": message},
            status_code=status,
            media_type="application/problem+json",
        )
    return page(request, "errors/error.html", status=status, title=title, message=message)


def _sign_in(request: Request, _error: Exception) -> Response:
    if request.method in {"GET", "HEAD"}:
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?next={quote(target)}", status_code=303)
    message = _("您的登录已过期，本次提交未执行。请在新窗口重新登录后，返回本页再次提交，已填内容仍在。")
    return _answer(request, 401, _("登录已失效"), message)


def install_error_pages(app: FastAPI) -> None:
    def not_found(request: Request, _error: Exception) -> Response:
        return _answer(request, 404, _("找不到页面"), _("页面不存在，或您没有查看权限。"))

    def invalid(request: Request, error: Exception) -> Response:
        message = error.message if isinstance(error, Invalid) else _("请求中的参数不正确。")
        return _answer(request, 422, _("内容有误"), message)

    def overtaken(request: Request, error: Exception) -> Response:
        assert isinstance(error, Overtaken)
        return _answer(request, 409, _("未执行"), error.message)

    def bad_token(request: Request, error: Exception) -> Response:
        assert isinstance(error, BadToken)
        return _answer(request, 403, _("页面已过期"), error.message)

    def too_large(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestTooLarge)
        return _answer(request, 413, _("提交内容过大"), error.message)

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:  # noqa: PLR2004
            return not_found(request, error)
        return _answer(request, error.status_code, _("请求未能处理"), _("请返回上一页重试。"))

    def failed(request: Request, _error: Exception) -> Response:
        message = _("系统未能完成操作，数据未被改动。请稍后重试；如仍出错，请联系系统管理员。")
        return _answer(request, 500, _("系统出错"), message)

    app.add_exception_handler(NotFound, not_found)
    app.add_exception_handler(Invalid, invalid)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Overtaken, overtaken)
    app.add_exception_handler(SignInNeeded, _sign_in)
    app.add_exception_handler(BadToken, bad_token)
    app.add_exception_handler(RequestTooLarge, too_large)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, failed)
