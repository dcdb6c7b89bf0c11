"""Puts the API together: its doors, and every error as `application/problem+json`."""

import re

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from starlette.datastructures import State
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from app.i18n import officially
from app.routers.api import (
    departments,
    indicators,
    obligations,
    overdue,
    own,
    plans,
    reporting,
    tasks,
    updates,
    uploads,
)
from app.routers.api.description import describe
from app.routers.api.refusals import problem_answers
from app.routers.api.shapes import PREFIX

_ROUTERS = [
    module.router
    for module in (own, plans, tasks, indicators, obligations, updates, reporting, uploads, overdue, departments)
]


class Officially:
    """Words and sentences of the API are the installation's: no cookie of a browser chooses their language."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with officially():
            await self._app(scope, receive, send)


class ApiMount(Mount):
    """Everything below PREFIX, line breaks in the address or not: what is none of ours is a problem of ours, too."""

    def __init__(self, state: State) -> None:
        """`state` is that of the application that it is mounted in: clock, settings and database."""
        super().__init__(PREFIX, app=make_api(state), name="api")
        self.path_regex = re.compile(self.path_regex.pattern, re.DOTALL)


def make_api(state: State) -> ASGIApp:
    api = FastAPI(
        title="Duban 督办",
        version="1",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
    )
    api.state = state
    for router in _ROUTERS:
        api.include_router(router)
    describe(api)
    for kind, answer in problem_answers(_allowed).items():
        api.add_exception_handler(kind, answer)
    return Officially(api)


def _allowed(request: Request) -> list[str]:
    """The methods of all doors at this address, not only of the first (RFC 9110, 10.2.1)."""
    path = request.scope["path"].removeprefix(PREFIX)
    methods = {
        method
        for router in _ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and route.path_regex.match(path)
        for method in route.methods or ()
    } or {"GET"}  # of the description itself, which is no door of ours
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))
