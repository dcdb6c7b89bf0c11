"""Wires everything; no globals."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles

from app.clock import Clock
from app.compression import CompressedText
from app.db import Database
from app.error_pages import install_error_pages
from app.rendering import Pages, make_environment
from app.routers import (
    batch,
    calendar,
    department_rows,
    departments,
    desk,
    digests,
    drafts,
    evidence,
    extension_requests,
    extensions,
    head_requests,
    home,
    language,
    mail,
    manage,
    manage_accounts,
    manage_calendar,
    manage_departments,
    manage_groups,
    manage_plans,
    manage_publishing,
    manage_rules,
    month_sheet,
    obligations,
    overdue,
    overdue_lists,
    overview,
    overview_rows,
    plan_matrix,
    plan_notes,
    plan_release,
    plan_rows,
    plan_sources,
    plan_timeline,
    plans,
    public_plans,
    reports,
    review,
    review_queue,
    search,
    sign_in,
    silent,
    tasks,
)
from app.settings import Settings
from app.trail import keep_trail

STATIC = Path(__file__).resolve().parent / "static"

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Robots-Tag": "noindex",  # what was released to everybody says otherwise
}


def create_app(settings: Settings, clock: Clock, database: Database | None = None) -> FastAPI:
    """The web application. A database that is handed in is the caller's to close."""
    own = database is None
    opened = database or Database(settings.database)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        if own:
            opened.close()

    app = FastAPI(title="Duban", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.settings = settings
    app.state.clock = clock
    app.state.database = opened
    keep_trail(opened)
    app.state.pages = Pages(make_environment())

    @app.middleware("http")
    async def headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        request.state.held_at = app.state.clock.held_at
        answer = await call_next(request)
        for name, value in SECURITY_HEADERS.items():
            answer.headers.setdefault(name, value)
        if not request.url.path.startswith("/static/"):
            answer.headers.setdefault("Cache-Control", "no-store")
        return answer

    app.add_middleware(language.SpokenLanguage, official=settings.language)
    app.add_middleware(CompressedText)
    app.add_middleware(head_requests.HeadRequests)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for router in (
        home,
        sign_in,
        plans,
        plan_rows,
        plan_matrix,
        plan_timeline,
        plan_sources,
        plan_notes,
        tasks,
        silent,
        departments,
        department_rows,
        month_sheet,
        calendar,
        batch,
        obligations,
        reports,
        drafts,
        extension_requests,
        evidence,
        desk,
        review_queue,
        review,
        extensions,
        overdue,
        overdue_lists,
        overview,
        overview_rows,
        plan_release,
        public_plans,
        digests,
        mail,
        manage,
        manage_accounts,
        manage_calendar,
        manage_departments,
        manage_groups,
        manage_publishing,
        manage_plans,
        manage_rules,
        language,
        search,
    ):
        app.include_router(router.router)
    install_error_pages(app)
    return app
