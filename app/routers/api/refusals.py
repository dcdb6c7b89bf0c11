"""Every error that a door can raise -> its problem."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TypeAlias

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app.errors import Forbidden, Invalid, NotFound, Overtaken, RequestTooLarge
from app.i18n import gettext as _
from app.routers.api.faults import domain_faults, faults_of
from app.routers.api.problem import ProblemCode, Refusal, problem_answer
from app.routers.api.route import invalid

Answer: TypeAlias = Callable[[Request, Exception], JSONResponse]


def problem_answers(allowed: Callable[[Request], list[str]]) -> Mapping[type[Exception], Answer]:
    """`allowed`: the methods at the address of a request."""

    def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        match error.status_code:
            case 404:
                return _not_found(request, error)
            case 405:
                return _wrong_method(allowed(request))
            case 413:
                return _too_large(request, error)
            case _:
                return problem_answer(Refusal(HTTPStatus.BAD_REQUEST, ProblemCode.BAD_REQUEST, _("无法读取请求正文。")))

    return {
        Refusal: _refused,
        NotFound: _not_found,
        RequestValidationError: _unfit,
        Invalid: _faulty,
        Overtaken: _overtaken,
        RequestTooLarge: _too_large,
        HTTPException: http,
        Exception: _failed,
    }


def _refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    return problem_answer(error)


def _not_found(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, Forbidden):
        request.state.refused = "forbidden"  # for the audit trail, as on the pages
    return problem_answer(Refusal(HTTPStatus.NOT_FOUND, ProblemCode.NOT_FOUND, _("没有这项内容，或您没有查看权限。")))


def _wrong_method(allowed: list[str]) -> JSONResponse:
    return problem_answer(
        Refusal(
            HTTPStatus.METHOD_NOT_ALLOWED,
            ProblemCode.METHOD_NOT_ALLOWED,
            _("此地址不支持该请求方法，可用的见响应头 Allow。"),
            headers={"Allow": ", ".join(allowed)},
        )
    )


def _unfit(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return problem_answer(invalid(faults_of(error.errors())))


def _faulty(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Invalid)
    return problem_answer(invalid(domain_faults(error.fields)))


def _overtaken(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Overtaken)
    return problem_answer(Refusal(HTTPStatus.CONFLICT, ProblemCode.NOT_OPEN, error.message))


def _too_large(_request: Request, _error: Exception) -> JSONResponse:
    return problem_answer(
        Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, ProblemCode.TOO_LARGE, _("请求正文过大，未予接收。"))
    )


def _failed(_request: Request, _error: Exception) -> JSONResponse:
    return problem_answer(
        Refusal(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            ProblemCode.FAILED,
            _("系统未能完成操作，数据未被改动。请稍后重试；如仍出错，请联系系统管理员。"),
        )
    )
