"""What the audit trail has to know of an answer: that a file goes out, or that somebody was refused.

Around all routes, so that no download can be forgotten: an answer with `Content-Disposition` is a file, wherever it was
made. It goes out only when its entry is on disk. A refusal is told after its answer, which takes as long as the answer
for what does not exist.
"""

import re
from urllib.parse import unquote

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.changes.record_refusal import record_refusal
from app.db import Database
from app.domain.audit import AuditAction
from app.routers.acts import act_of, route_of
from app.trail import tell

_FAULTS = 400


class RecordedAnswers:
    """Pure ASGI: nothing is read twice and nothing held back but the first line of a file's answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def recorded(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < _FAULTS:
                given = Headers(raw=message["headers"]).get("Content-Disposition")
                if given is not None:
                    await run_in_threadpool(_record_file, Request(scope), file_name(given))
            await send(message)

        await self.app(scope, receive, recorded)
        request = Request(scope)
        why = getattr(request.state, "refused", None)
        if why is not None:
            await run_in_threadpool(_record_refusal, request, why)


def file_name(disposition: str) -> str:
    """What a browser would call the file: the name in UTF-8 if there is one, else the plain one."""
    starred = re.search(r"filename\*=UTF-8''([^;]+)", disposition)
    if starred is not None:
        return unquote(starred.group(1))
    plain = re.search(r'filename="?([^";]+)', disposition)
    return plain.group(1) if plain is not None else ""


def _record_file(request: Request, name: str) -> None:
    database: Database = request.app.state.database
    with database.writing(act_of(request)) as session:
        tell(session, action=AuditAction.EXPORT, subject=name, reason=_asked(request))


def _record_refusal(request: Request, why: str) -> None:
    database: Database = request.app.state.database
    make = act_of(request)
    with database.writing(make) as session:
        record_refusal(session, make(), path=f"{request.method} {_shown_path(request)}", why=why)


def _shown_path(request: Request) -> str:
    """An address that is a secret itself, of a one-time link, is told without it."""
    secret = "token" in request.scope.get("path_params", {})
    return route_of(request) if secret else request.url.path


def _asked(request: Request) -> str:
    """The address with its question: which rows the file holds. No address of a file carries a secret."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
