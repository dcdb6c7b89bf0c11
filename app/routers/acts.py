"""Who acts, from where, and in which of the office's words: what a request puts into the audit trail."""

import re
from collections.abc import Callable

from fastapi import Request

from app.access import Viewer
from app.domain.audit import Act, AuditAction, Channel
from app.i18n import gettext as _
from app.i18n import officially

# The first that fits the path of the route. A test looks for routes that change something and are not here.
_ACTIONS: tuple[tuple[str, AuditAction], ...] = (
    (r"/account/tokens", AuditAction.TOKEN),
    (r"/sign-in/forgotten", AuditAction.LINK_MADE),
    (r"/sign-in/link|/account/password", AuditAction.PASSWORD_CHANGED),
    (r"/account/report-links", AuditAction.SESSION_ENDED),
    (r"/account/sessions|/manage/accounts/\{\w+\}/sessions", AuditAction.SESSION_ENDED),
    (r"/sign-in", AuditAction.SIGN_IN),
    (r"/sign-out", AuditAction.SIGN_OUT),
    (r"/obligations/batch|/uploads|/obligations/\{\w+\}/(updates|draft)|/drafts|/r/", AuditAction.REPORT),
    (r"/obligations/\{\w+\}/extensions|/extensions", AuditAction.EXTENSION),
    (r"/answers", AuditAction.REPORT),
    (r"/review|/obligations/\{\w+\}/(review|reopen)", AuditAction.REVIEW),
    (r"/overdue", AuditAction.LIST_FROZEN),
    (r"/digests|/desk/weekly", AuditAction.RUN),
    (r"/mail", AuditAction.MAIL),
    (r"/plans/\{\w+\}/notes", AuditAction.NOTE_DECIDED),
    (r"/plans/\{\w+\}/public", AuditAction.PLAN_RELEASED),
    (r"/account/second-factor|/manage/accounts/\{\w+\}/second-factor", AuditAction.SECOND_FACTOR),
    (r"/manage/accounts/\{\w+\}/handover", AuditAction.HANDOVER),
    (r"/manage/accounts", AuditAction.ACCOUNT),
    (r"/manage/(departments|groups)", AuditAction.DEPARTMENT),
    (r"/manage/successions", AuditAction.SUCCESSION),
    (r"/manage/calendar", AuditAction.CALENDAR),
    (r"/manage/rules|/account/reminders", AuditAction.SETTINGS),
    (r"/manage/channels/\{\w+\}/test", AuditAction.MAIL),
    (r"/manage/channels", AuditAction.SETTINGS),
    (r"/audit", AuditAction.MAINTENANCE),
    (r"/manage/(plans|publish)", AuditAction.PLAN_PUBLISHED),
)


# Which row a request is about, by the names that the routes give to what stands in their path.
_SUBJECTS = {
    "account_id": "account",
    "channel_id": "chat_channel",
    "answer_id": "mailed_answer",
    "department_id": "department",
    "evidence_id": "evidence",
    "exception_id": "day_exception",
    "extension_id": "extension",
    "group_id": "department_group",
    "handover_id": "handover",
    "inbound_id": "inbound_mail",
    "hold_id": "run_hold",
    "list_id": "overdue_list",
    "mail_id": "outbox_mail",
    "note_id": "source_note",
    "obligation_id": "obligation",
    "run_id": "digest_run",
    "succession_id": "succession",
}
_DIGITS = 18


def action_of(path: str) -> AuditAction:
    """By the path of the route, with its parameters in braces."""
    return next((action for start, action in _ACTIONS if re.match(start, path)), AuditAction.ACCESS)


def act_of(request: Request) -> Callable[[], Act]:
    """Asked at the commit, when it is known who the request comes from."""

    def made() -> Act:
        state = request.state
        by_link: Viewer | None = getattr(state, "by_link", None)  # who has not signed in but came by a mailed link
        viewer: Viewer | None = getattr(state, "viewer", None) or by_link
        table, key = subject_of(request)
        return Act(
            at=state.now if hasattr(state, "now") else request.app.state.clock.now(),
            action=action_of(route_of(request)),
            channel=Channel.API if request.url.path.startswith("/api/") else Channel.WEB,
            region_id=viewer.region_id if viewer else None,
            actor_id=viewer.account_id if viewer else None,
            actor=viewer.name if viewer else "",
            role=viewer.role.value if viewer else "",
            address=address_of(request),
            subject_table=table,
            subject_id=key,
            reason=_by_link() if by_link else "",
        )

    return made


@officially()
def _by_link() -> str:
    return _("邮件链接")


def route_of(request: Request) -> str:
    """The path of the route, with its parameters in braces; the address itself where no route was found."""
    return getattr(request.scope.get("route"), "path", request.url.path)


def subject_of(request: Request) -> tuple[str, int | None]:
    """(table, id) of the row that the address names; ("", None) where it names none."""
    for name, text in request.scope.get("path_params", {}).items():
        if name in _SUBJECTS and str(text).isdecimal() and str(text).isascii() and len(str(text)) <= _DIGITS:
            return _SUBJECTS[name], int(text)
    return "", None


def address_of(request: Request) -> str:
    """The browser's, as far as the proxies in front are trusted (`DUBAN_TRUSTED_PROXIES`)."""
    return request.client.host if request.client else ""
