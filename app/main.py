"""Wires everything; no globals."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp

from app.clock import Clock
from app.compression import CompressedText
from app.db import Database
from app.error_pages import install_error_pages
from app.rendering import Pages, make_environment
from app.routers import (
    answers,
    audit,
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
    handovers,
    head_requests,
    home,
    inbound_mails,
    language,
    mail,
    mailed_report,
    manage,
    manage_accounts,
    manage_alarms,
    manage_calendar,
    manage_channels,
    manage_charges,
    manage_departments,
    manage_groups,
    manage_plans,
    manage_publishing,
    manage_rules,
    manage_successions,
    manage_ways_in,
    month_sheet,
    obligations,
    overdue,
    overdue_lists,
    overview,
    overview_rows,
    own_account,
    own_factor,
    own_reminders,
    own_tokens,
    password_links,
    plan_matrix,
    plan_notes,
    plan_release,
    plan_rows,
    plan_sources,
    plan_timeline,
    plans,
    prove_factor,
    provider_sign_in,
    public_plans,
    recorded,
    report_links,
    reports,
    review,
    review_queue,
    run_delivery,
    run_holds,
    search,
    sign_in,
    silent,
    tasks,
)
from app.routers.api.application import ApiMount
from app.routers.security_headers import SecurityHeaders
from app.routers.where_from import KnownHosts, TrustedProxies
from app.settings import Settings
from app.trail import keep_trail

STATIC = Path(__file__).resolve().parent / "static"


class DubanApp(FastAPI):
    """With our own shell around everything, also around what answers accidents."""

    def build_middleware_stack(self) -> ASGIApp:
        inner = TrustedProxies(super().build_middleware_stack(), self.state.settings.proxies)
        return SecurityHeaders(KnownHosts(inner))


def create_app(settings: Settings, clock: Clock, database: Database | None = None) -> FastAPI:
    """The web application. A database that is handed in is the caller's to close."""
    own = database is None
    opened = database or Database(settings.database)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        if own:
            opened.close()

    app = DubanApp(
        title="Duban", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False
    )
    app.state.settings = settings
    app.state.clock = clock
    app.state.database = opened
    keep_trail(opened)
    app.state.pages = Pages(make_environment())

    app.add_middleware(recorded.RecordedAnswers)
    app.add_middleware(language.SpokenLanguage, official=settings.language)
    app.add_middleware(CompressedText)
    app.add_middleware(head_requests.HeadRequests)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.router.routes.append(ApiMount(app.state))
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
        mailed_report,
        report_links,
        extension_requests,
        answers,
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
        run_holds,
        run_delivery,
        inbound_mails,
        mail,
        audit,
        manage,
        prove_factor,
        provider_sign_in,
        own_account,
        own_reminders,
        password_links,
        own_factor,
        own_tokens,
        handovers,
        manage_charges,
        manage_accounts,
        manage_ways_in,
        manage_calendar,
        manage_channels,
        manage_alarms,
        manage_departments,
        manage_groups,
        manage_publishing,
        manage_plans,
        manage_rules,
        manage_successions,
        language,
        search,
    ):
        app.include_router(router.router)
    install_error_pages(app)
    return app
