"""Personal tokens of the JSON API: made, used, revoked. The table holds only their hash."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, update
from sqlmodel import Session, col, select

from app.access import Viewer
from app.changes.token_hash import token_sha256
from app.domain.one_line import is_one_line
from app.domain.written import as_written
from app.errors import Invalid, NotFound
from app.i18n import gettext as _
from app.models import Account, ApiToken
from app.models.api_token import TokenScope
from app.trail import tell

PREFIX = "duban_"  # so that scanners of repositories and logs recognise one
_BYTES = 32
_FORM = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
_HINT = len(PREFIX) + 4
NAME_LIMIT = 100
USUAL_DAYS = 90
MOST_DAYS = 366
MOST_TOKENS = 20  # living ones of an account; more are a sign of a program that makes one for each run
_TOUCH_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class WantedToken:
    """`days` until it expires."""

    name: str
    scope: TokenScope
    days: int


def looks_like_token(text: str) -> bool:
    return _FORM.fullmatch(text) is not None


def check_token(viewer: Viewer, wanted: WantedToken) -> None:
    """Raises Invalid for what is wrong with it as it is typed.

    Only who reports can have a token that reports: least privilege (ASVS 5.0 8.2.1).
    """
    faults: dict[str, str] = {}
    name = as_written(wanted.name)
    if not name:
        faults["name"] = _("请填写名称，写明令牌用在哪里，如“局办公系统”。")
    elif not is_one_line(name):
        faults["name"] = _("名称不能含有换行或看不见的字符。")
    elif len(name) > NAME_LIMIT:
        faults["name"] = _("名称不能超过%(limit)s个字。") % {"limit": NAME_LIMIT}
    if wanted.scope is TokenScope.REPORT and not viewer.is_liaison:
        faults["scope"] = _("只有联络员的令牌可以填报。")
    if not 1 <= wanted.days <= MOST_DAYS:
        faults["days"] = _("有效天数应为1至%(limit)s的整数。") % {"limit": MOST_DAYS}
    if faults:
        raise Invalid(faults)


def make_token(session: Session, viewer: Viewer, wanted: WantedToken, *, now: datetime) -> tuple[ApiToken, str]:
    """The row, and the token itself, which is kept nowhere. Raises Invalid."""
    check_token(viewer, wanted)
    # The account's row is held, so that two windows do not make one too many.
    session.exec(select(Account.id).where(Account.id == viewer.account_id).with_for_update(key_share=True)).one()
    if living_tokens(session, viewer.account_id, now) >= MOST_TOKENS:
        raise Invalid({"name": _("有效的令牌已有%(limit)s个，请先撤销不再使用的令牌。") % {"limit": MOST_TOKENS}})
    token = PREFIX + secrets.token_urlsafe(_BYTES)
    row = ApiToken(
        account_id=viewer.account_id,
        name=as_written(wanted.name),
        token_sha256=token_sha256(token),
        hint=token[:_HINT],
        scope=wanted.scope,
        created_at=now,
        expires_at=now + timedelta(days=wanted.days),
    )
    session.add(row)
    session.flush()
    tell(session, subject_table="api_token", subject_id=row.id, subject=row.name)
    return row, token


def living_tokens(session: Session, account_id: int, now: datetime) -> int:
    return session.exec(
        select(func.count())
        .select_from(ApiToken)
        .where(ApiToken.account_id == account_id, col(ApiToken.revoked_at).is_(None), col(ApiToken.expires_at) > now)
    ).one()


def revoke_token(session: Session, viewer: Viewer, token_id: int, *, now: datetime) -> None:
    """Raises NotFound for somebody else's. Revoking twice keeps the first moment."""
    row = session.get(ApiToken, token_id)
    if row is None or row.account_id != viewer.account_id:
        raise NotFound
    if row.revoked_at is None:
        row.revoked_at = now
        session.add(row)
        tell(session, subject_table="api_token", subject_id=row.id, subject=row.name)


def drop_tokens(session: Session, account_id: int) -> None:
    """When the account is closed: opening it again must not bring them back to life."""
    session.exec(delete(ApiToken).where(col(ApiToken.account_id) == account_id))


def revoke_all_tokens(session: Session, account_id: int, *, now: datetime) -> int:
    """When the password is reset: whoever knew the old one may have made some. How many there were."""
    revoked = session.exec(
        update(ApiToken)
        .where(col(ApiToken.account_id) == account_id, col(ApiToken.revoked_at).is_(None))
        .values(revoked_at=now)
    )
    return revoked.rowcount


def wants_note_of_use(last_used_at: datetime | None, now: datetime) -> bool:
    """Not at every request: once a minute is enough to see whether a token is still in use."""
    return last_used_at is None or now - last_used_at >= _TOUCH_AFTER


def note_use(session: Session, token_id: int, *, now: datetime) -> None:
    session.exec(
        update(ApiToken)
        .where(
            col(ApiToken.id) == token_id,
            or_(col(ApiToken.last_used_at).is_(None), col(ApiToken.last_used_at) <= now - _TOUCH_AFTER),
        )
        .values(last_used_at=now)
    )
