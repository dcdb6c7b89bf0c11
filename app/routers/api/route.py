"""What every request to the API goes through, in this order: token, address, headers, handler, entity tag."""

import hashlib
from collections import Counter
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import Message

from app.i18n import gettext as _
from app.routers.api.caller import authenticate
from app.routers.api.faults import repeated_parameters, unknown_parameters
from app.routers.api.problem import ProblemCode, Refusal

JSON = "application/json"
_DIGITS = 18  # of a length; longer ones are nobody's
MOST_BODY = 256 * 1024  # three texts of 10 000 characters, escaped, and ten receipts
# A copy may be kept, but is asked for again each time, and by its own token alone.
_KEPT = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}
# What a 304 says of what it stands for (RFC 9110, 15.4.5); Vary for encodings is added on the way out.
_OF_304 = ("ETag", "Cache-Control", "Vary")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class ApiRoute(APIRoute):
    """`takes` is the media type of the body, if there is one; `gives` that of the answer."""

    @property
    def takes(self) -> str | None:
        if self.body_field is not None:
            return JSON
        content = (self.openapi_extra or {}).get("requestBody", {}).get("content", {})
        return next(iter(content), None)

    @property
    def gives(self) -> str:
        return self.response_class.media_type or "*/*" if isinstance(self.response_class, type) else JSON

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()
        known = {field.alias for field in get_flat_params(self.dependant) if isinstance(field.field_info, Query)}

        async def guarded(request: Request) -> Response:
            # Before the body is read, and before anything is said of what was asked.
            await run_in_threadpool(authenticate, request)
            _check_parameters(request, known)
            _check_accept(request, self.gives)
            if self.takes is not None:
                request = _with_body(request, self.takes)
            answer = await handle(request)
            return _tagged(request, answer)

        return guarded


def _check_parameters(request: Request, known: set[str]) -> None:
    counts = Counter(name for name, _value in request.query_params.multi_items())
    errors = unknown_parameters([name for name in counts if name not in known])
    errors += repeated_parameters([name for name, count in counts.items() if count > 1 and name in known])
    if errors:
        raise invalid(errors)


def invalid(errors: list[Any]) -> Refusal:
    return Refusal(
        HTTPStatus.UNPROCESSABLE_ENTITY, ProblemCode.INVALID, _("请求内容有误，详见各项说明。"), errors=errors
    )


def _check_accept(request: Request, gives: str) -> None:
    """Raises Refusal 406 when the sender takes nothing of what there is (RFC 9110, 12.5.1)."""
    ranges = ",".join(request.headers.getlist("Accept"))
    if ranges.strip() and gives != "*/*" and not _accepts(ranges, gives):
        raise Refusal(
            HTTPStatus.NOT_ACCEPTABLE,
            ProblemCode.NOT_ACCEPTABLE,
            _("本接口只提供%(type)s，请求头 Accept 不包含它。") % {"type": gives},
        )


def _accepts(ranges: str, gives: str) -> bool:
    """The most specific range that covers `gives` decides; its weight is not 0."""
    main = gives.split("/", maxsplit=1)[0]
    for covering in (gives, f"{main}/*", "*/*"):
        weights = [
            _weight(parameters)
            for kind, *parameters in (one.split(";") for one in ranges.split(","))
            if kind.strip().lower() == covering
        ]
        if weights:
            return max(weights) > 0
    return False


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _equals, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0
    return 1


def _with_body(request: Request, takes: str) -> Request:
    """Raises Refusal 415; the request that comes back is never read beyond its measure (413)."""
    sent = request.headers.get("Content-Type", "").split(";")[0].strip().lower()
    if sent != takes:
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            ProblemCode.MEDIA_TYPE_UNSUPPORTED,
            _("请求正文应为%(type)s，请核对请求头 Content-Type。") % {"type": takes},
            headers={"Accept-Post": takes},
        )
    return _bounded(request) if takes == JSON else request


def _bounded(request: Request) -> Request:
    declared = request.headers.get("Content-Length", "0")
    digits = declared if declared.isascii() and declared.isdigit() else "9"
    if digits != declared or len(digits) > _DIGITS or int(digits) > MOST_BODY:
        raise HTTPException(413)
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > MOST_BODY:
            raise HTTPException(413)  # the only kind of error that FastAPI lets through while it reads
        return message

    return Request(request.scope, receive)


def _tagged(request: Request, answer: Response) -> Response:
    """With an entity tag where something was read; 304 where the sender has it already.

    The tag is weak, for the answer may go out compressed. Where the handler names a revision, the tag begins with it.
    """
    for name, value in _KEPT.items():
        answer.headers.setdefault(name, value)
    if request.method != "GET" or answer.status_code != HTTPStatus.OK:
        return answer
    if "ETag" not in answer.headers:
        digest = hashlib.sha256(bytes(answer.body)).hexdigest()[:32]
        revision: int | None = getattr(request.state, "revision", None)
        answer.headers["ETag"] = f'W/"{digest}"' if revision is None else f'W/"{revision}-{digest}"'
    if not _is_known(request, answer.headers["ETag"]):
        return answer
    return Response(
        status_code=HTTPStatus.NOT_MODIFIED,
        headers={name: answer.headers[name] for name in _OF_304 if name in answer.headers},
    )


def _is_known(request: Request, tag: str) -> bool:
    """By the weak comparison of RFC 9110, 13.1.2."""
    known = [
        one.strip().removeprefix("W/") for line in request.headers.getlist("If-None-Match") for one in line.split(",")
    ]
    return "*" in known or tag.removeprefix("W/") in known
