"""Who a token stands for, judged anew at each request: role, department and region as they are now.

Cookies are not looked at, so that no foreign page can make a browser act here; a token is looked for in the header
alone, never in the address, which servers log.
"""

import math
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, TypeAlias

from fastapi import Depends, Request

from app.access import Viewer, may_sign_in, viewer_of
from app.changes.api_tokens import looks_like_token, note_use, wants_note_of_use
from app.changes.sign_in_brake import count_wrong_token
from app.changes.token_hash import token_sha256
from app.db import Database
from app.domain.audit import ActResult, AuditAction
from app.errors import TooManyTries
from app.i18n import gettext as _
from app.models.api_token import TokenScope
from app.queries.api_tokens import TokenHolder, token_holder
from app.routers.acts import act_of, address_of
from app.routers.api.problem import ProblemCode, Refusal
from app.routers.dependencies import get_now, get_settings
from app.trail import tell

_BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE)
REALM = 'Bearer realm="duban"'


@dataclass(frozen=True, slots=True)
class Caller:
    """`viewer` as on the pages: the same rules ask it. `token_id`: which of the account's tokens."""

    viewer: Viewer
    scope: TokenScope
    token_id: int


def authenticate(request: Request) -> Caller:
    """Raises Refusal: 401 without a living token, 403 for an account that has something to do first."""
    headers = request.headers.getlist("Authorization")
    if not headers:
        raise Refusal(
            HTTPStatus.UNAUTHORIZED,
            ProblemCode.TOKEN_NEEDED,
            _("需要令牌。请在请求头 Authorization 中写明 Bearer 和令牌。"),
            headers={"WWW-Authenticate": REALM},
        )
    said = _BEARER.fullmatch(headers[0]) if len(headers) == 1 else None
    token = said[1] if said else ""
    now = get_now(request)
    database: Database = request.app.state.database
    with database.reading() as session:
        found = token_holder(session, token_sha256(token)) if looks_like_token(token) else None
        if found is None:
            raise _wrong(request, None, "unknown")
        fault = _why_dead(found, request)
        if fault:
            raise _wrong(request, found, fault)
        _ready(found, request)
        caller = _caller(found, request)
        token_id, last_used_at = found.token.id or 0, found.token.last_used_at
    request.state.viewer, request.state.caller = caller.viewer, caller
    if wants_note_of_use(last_used_at, now):
        with database.writing() as session:  # nobody's act: the trail need not say every minute that a token is in use
            note_use(session, token_id, now=now)
    return caller


def _why_dead(found: TokenHolder, request: Request) -> str:
    """In the trail's words; empty for a living token."""
    if found.token.revoked_at is not None:
        return "revoked"
    if found.token.expires_at <= get_now(request):
        return "expired"
    return "" if may_sign_in(found.account) else "closed"


def _ready(found: TokenHolder, request: Request) -> None:
    """A token is worth no more than its account's ways in: what a browser must do first, it cannot go round."""
    account = found.account
    if account.must_change:
        raise Refusal(
            HTTPStatus.FORBIDDEN, ProblemCode.PASSWORD_DUE, _("此账号须先在网页上登录并设置自己的密码，令牌才能使用。")
        )
    # An identity provider asks for the factor itself; the account may never have had a password here.
    demanded = account.role.value in get_settings(request).factor_roles
    if demanded and account.totp_secret is None and account.provider_subject is None:
        raise Refusal(
            HTTPStatus.FORBIDDEN,
            ProblemCode.SECOND_FACTOR_DUE,
            _("此账号须先在网页上登录并设置第二重验证，令牌才能使用。"),
        )


def _caller(found: TokenHolder, request: Request) -> Caller:
    viewer = viewer_of(
        found.account, found.region, found.department, separate_duties=get_settings(request).separate_duties
    )
    return Caller(viewer, found.token.scope, found.token.id or 0)


def _wrong(request: Request, found: TokenHolder | None, why: str) -> Refusal:
    """Told to the trail, without the token, until the brake closes: then nothing more is written."""
    database: Database = request.app.state.database
    try:
        with database.writing(act_of(request)) as session:
            count_wrong_token(session, address=address_of(request), now=get_now(request))
            tell(session, action=AuditAction.TOKEN, outcome=ActResult.REFUSED, reason=why)
            if found is not None:
                tell(
                    session,
                    region_id=found.region.id,
                    subject_table="api_token",
                    subject_id=found.token.id,
                    subject=f"{found.account.name}：{found.token.name}",
                )
    except TooManyTries as error:
        return Refusal(
            HTTPStatus.TOO_MANY_REQUESTS,
            ProblemCode.TOO_MANY_WRONG_TOKENS,
            _("来自此网络的无效令牌过多，请稍后再试。"),
            headers={"Retry-After": str(math.ceil(error.wait.total_seconds()))},
        )
    return Refusal(
        HTTPStatus.UNAUTHORIZED,
        ProblemCode.TOKEN_INVALID,
        _("令牌无效：不存在、已到期、已撤销，或账号已停用。"),
        headers={"WWW-Authenticate": f'{REALM}, error="invalid_token"'},
    )


def get_caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


def get_calling_viewer(request: Request) -> Viewer:
    return get_caller(request).viewer


def reporting_caller(request: Request) -> Viewer:
    """Raises Refusal 403 for a token that may only read (RFC 6750, 3.1)."""
    caller = get_caller(request)
    if caller.scope is not TokenScope.REPORT:
        raise Refusal(
            HTTPStatus.FORBIDDEN,
            ProblemCode.SCOPE_MISSING,
            _("此令牌只能读取。填报需要权限为“读取和填报”的令牌。"),
            headers={"WWW-Authenticate": f'{REALM}, error="insufficient_scope", scope="report"'},
        )
    return caller.viewer


ApiViewer: TypeAlias = Annotated[Viewer, Depends(get_calling_viewer)]
ReportingViewer: TypeAlias = Annotated[Viewer, Depends(reporting_caller)]
ApiCaller: TypeAlias = Annotated[Caller, Depends(get_caller)]
