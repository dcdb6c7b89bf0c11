"""Signing in through the office's identity provider.

Sending somebody there is a POST, because it writes down that somebody is expected back. Coming back is the one GET
that changes something, as OpenID Connect wants it: only in the browser that was sent, by its cookie, and only once.

The handlers are `async` because they wait for another machine: a provider that is slow must not use up the threads that
serve everybody else. No database session is open meanwhile.
"""

import logging
import secrets
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from app.changes.enter_by_provider import NotAdmitted, enter_by_provider
from app.changes.provider_visits import LASTS, Returned, begin_visit, take_back
from app.changes.sign_in import SignedIn
from app.db import Database
from app.domain.audit import ActResult, AuditAction
from app.errors import DubanError, NotFound
from app.i18n import gettext as _
from app.i18n import officially
from app.identity_provider import IdentityProvider, ProviderFault, Said, Visit
from app.rendering import page
from app.routers.acts import act_of
from app.routers.cookies import drop_cookie, read_cookie, set_cookie
from app.routers.dependencies import Form, Knobs, Now, Wall, from_this_site, own_path
from app.routers.entering import arrive, browser_of
from app.settings import Settings
from app.trail import tell

router = APIRouter(prefix="/sign-in/provider")
log = logging.getLogger(__name__)

VISIT_COOKIE = "duban_visit"
_TAKEN_BACK = ("code", "state", "iss", "error")
_LONGEST = 4096  # of what is brought back


def get_provider(knobs: Knobs) -> IdentityProvider:
    """Raises NotFound where the office has none."""
    if knobs.oidc_issuer is None:
        raise NotFound
    return IdentityProvider(knobs)


Provider = Annotated[IdentityProvider, Depends(get_provider)]


@router.post("", dependencies=[Depends(from_this_site)])
async def leave(request: Request, provider: Provider, typed: Form, now: Now) -> Response:
    """Answers with a page that goes on by itself: a redirect out of a form is what the content policy forbids."""
    visit, target = Visit.new(), own_path(typed.text("next") or "/")
    try:
        address = await provider.address_for(visit, anew=typed.checked("anew"))
    except ProviderFault as fault:
        return await run_in_threadpool(_failed, request, fault, target)
    await run_in_threadpool(_begin, request, visit, target, now)
    answer: Response = page(request, "sign_in/to_provider.html", address=address, provider=provider.name)
    set_cookie(request, answer, VISIT_COOKIE, visit.state, max_age=int(LASTS.total_seconds()))
    return answer


def _begin(request: Request, visit: Visit, target: str, now: datetime) -> None:
    database: Database = request.app.state.database
    with database.writing() as session:
        begin_visit(session, visit, target, now=now)


@router.get("/return")
async def come_back(request: Request, provider: Provider, knobs: Knobs, now: Now, wall: Wall) -> Response:
    brought = {name: request.query_params[name] for name in _TAKEN_BACK if name in request.query_params}
    returned: Returned | None = None
    try:
        returned = await run_in_threadpool(_taken_back, request, brought, now)
        if returned is None:
            raise _unexpected()
        said = await provider.who(brought, returned.visit, wall=wall)
        entered = await run_in_threadpool(_entered, request, said, knobs, now)
    except (ProviderFault, NotAdmitted) as fault:
        answer = await run_in_threadpool(_failed, request, fault, returned.target if returned else "/")
    else:
        answer = arrive(request, entered, target=returned.target, kept=None, knobs=knobs)
    drop_cookie(request, answer, VISIT_COOKIE)
    return answer


def _unexpected() -> ProviderFault:
    sentence = _("这次登录不是由本浏览器发起的，或已超过10分钟、已经用过。请重新登录。")
    return ProviderFault(sentence, "unknown, foreign, used or expired state", status=403)


def _taken_back(request: Request, brought: dict[str, str], now: datetime) -> Returned | None:
    """Only in the browser that was sent, only once, only in time."""
    state, expected = brought.get("state", ""), read_cookie(request, VISIT_COOKIE)
    fits = all(len(text) <= _LONGEST and "\x00" not in text for text in brought.values())
    if not fits or not expected or not secrets.compare_digest(state.encode(), expected.encode()):
        return None
    database: Database = request.app.state.database
    with database.writing() as session:
        return take_back(session, state, now=now)


def _entered(request: Request, said: Said, knobs: Settings, now: datetime) -> SignedIn:
    database: Database = request.app.state.database
    with database.writing(act_of(request)) as session:
        try:
            return enter_by_provider(session, said, settings=knobs, now=now, browser=browser_of(request))
        except NotAdmitted as error:  # committed: the refusal is told
            refused = error
    raise refused


def _failed(request: Request, fault: DubanError, target: str) -> Response:
    status = 403
    if isinstance(fault, ProviderFault):
        status = fault.status
        log.warning("identity provider: %s", fault.detail)
        database: Database = request.app.state.database
        with database.writing(act_of(request)) as session:
            outcome = ActResult.REFUSED if status == 403 else ActResult.FAILED  # noqa: PLR2004
            with officially():
                reason = _("统一身份认证登录：%(why)s") % {"why": fault.detail}
            tell(session, action=AuditAction.SIGN_IN, outcome=outcome, reason=reason)
    said = {"message": fault.message, "next": target, "here": None}  # no way back to an address with a code in it
    return page(request, "sign_in/provider_failed.html", status=status, **said)
