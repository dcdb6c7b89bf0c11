"""Who acts, from where, and in which of the office's words: what a request puts into the audit trail."""

import re
from collections.abc import Callable

from fastapi import Request

from app.access import Viewer
from app.domain.audit import Act, AuditAction, Channel

# The first that fits the path of the route. A test looks for routes that change something and are not here.
_ACTIONS: tuple[tuple[str, AuditAction], ...] = (
    (r"/sign-in", AuditAction.SIGN_IN),
    (r"/sign-out", AuditAction.SIGN_OUT),
    (r"/batch|/obligations/\{\w+\}/(updates|draft)|/drafts", AuditAction.REPORT),
    (r"/obligations/\{\w+\}/extensions|/extensions", AuditAction.EXTENSION),
    (r"/review|/obligations/\{\w+\}/(review|reopen)", AuditAction.REVIEW),
    (r"/overdue", AuditAction.LIST_FROZEN),
    (r"/digests", AuditAction.RUN),
    (r"/mail", AuditAction.MAIL),
    (r"/plans/\{\w+\}/notes", AuditAction.NOTE_DECIDED),
    (r"/plans/\{\w+\}/release", AuditAction.PLAN_RELEASED),
    (r"/manage/accounts", AuditAction.ACCOUNT),
    (r"/manage/(departments|groups)", AuditAction.DEPARTMENT),
    (r"/manage/calendar", AuditAction.CALENDAR),
    (r"/manage/(plans|publish)", AuditAction.PLAN_PUBLISHED),
)


def action_of(path: str) -> AuditAction:
    """By the path of the route, with its parameters in braces."""
    return next((action for start, action in _ACTIONS if re.match(start, path)), AuditAction.ACCESS)


def act_of(request: Request) -> Callable[[], Act]:
    """Asked at the commit, when it is known who the request comes from."""

    def made() -> Act:
        state = request.state
        viewer: Viewer | None = getattr(state, "viewer", None)
        route = request.scope.get("route")
        return Act(
            at=state.now if hasattr(state, "now") else request.app.state.clock.now(),
            action=action_of(getattr(route, "path", request.url.path)),
            channel=Channel.API if request.url.path.startswith("/api/") else Channel.WEB,
            region_id=viewer.region_id if viewer else None,
            actor_id=viewer.account_id if viewer else None,
            actor=viewer.name if viewer else "",
            role=viewer.role.value if viewer else "",
            address=address_of(request),
        )

    return made


def address_of(request: Request) -> str:
    """The browser's, as far as the proxies in front are trusted (`DUBAN_TRUSTED_PROXIES`)."""
    return request.client.host if request.client else ""
