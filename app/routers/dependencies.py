"""What the doors are handed: a session, who is asking, what was typed, what day it is.

Handlers are plain `def` and run in the thread pool: a slow upload or export holds up nobody else.
What was typed is read to its end before the first query, so that a slow sender never holds a lock.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from fastapi import Depends, Path, Request
from fastapi.responses import RedirectResponse
from sqlmodel import Session
from starlette.datastructures import FormData, UploadFile

from app.access import Viewer, viewer_of
from app.changes.password_rules import password_due
from app.changes.second_factor import factor_missing
from app.changes.sign_in import touch_session, wants_touch
from app.changes.token_hash import token_sha256
from app.clock import Clock, local_day
from app.db import Database
from app.documents.evidence_store import EvidenceStore
from app.domain import typed_day
from app.domain.written import as_written
from app.errors import BadToken, FactorNeeded, FormExpired, NotFound, PasswordDue, SignInNeeded
from app.i18n import gettext as _
from app.queries.sessions import signed_in
from app.rendering import is_htmx, only_reads
from app.routers.acts import act_of
from app.routers.bounded_form import read_bounded_form
from app.routers.cookies import read_cookie
from app.routers.form_token import masked, means
from app.settings import Settings

COOKIE = "duban_session"
# What opens while a second factor that is demanded has not been set up.
_WITHOUT_FACTOR = frozenset({"/account/second-factor", "/account/password", "/sign-out", "/language"})
# What opens while another password has to be chosen first.
_WITHOUT_PASSWORD = frozenset({"/account/password", "/sign-out", "/language"})
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form brought: texts without surrounding blanks, and files that have a name.

    A text of nothing but invisible characters is empty: nobody has written anything.
    """

    values: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, list[UploadFile]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return self.values.get(name, "")

    def number(self, name: str, default: int | None = None) -> int | None:
        """None when it is not a whole number."""
        value = self.values.get(name, "")
        if not value:
            return default
        try:
            return int(value)
        except ValueError:
            return None

    def day(self, name: str) -> date | None:
        """2025-03-31, 2025/3/31, 2025年3月31日 and 20250331 are all understood; None when it is no day."""
        return parse_day(self.values.get(name, ""))

    def checked(self, name: str) -> bool:
        return bool(self.values.get(name))


# Where a form and an address read what somebody typed.
parse_day = typed_day.parse_day


async def read_form(request: Request) -> AsyncIterator[Typed]:
    if only_reads(request):
        yield Typed()
        return
    form = await read_bounded_form(request, file_bytes=get_settings(request).upload_max_mb * MEGABYTE)
    try:
        typed = _typed(form)
        request.state.typed = typed  # for the page that keeps it when the session has ended meanwhile
        yield typed
    finally:
        await form.close()


def _typed(form: FormData) -> Typed:
    typed = Typed()
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            if value.filename:
                typed.files.setdefault(name, []).append(value)
        else:
            # Browsers send CRLF; the text is stored with plain line ends, and without NUL, which PostgreSQL refuses.
            text = as_written(value.replace("\r\n", "\n").replace("\x00", ""))
            typed.values[name] = text
            typed.lists.setdefault(name, []).append(text)
    return typed


def get_settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def get_evidence_store(request: Request) -> EvidenceStore:
    settings = get_settings(request)
    return EvidenceStore(settings.evidence_dir, settings.upload_max_mb * MEGABYTE)


def get_clock(request: Request) -> Clock:
    clock: Clock = request.app.state.clock
    return clock


def get_now(request: Request) -> datetime:
    """One moment per request: everything that it writes bears the same time."""
    state = request.state
    if not hasattr(state, "now"):
        state.now = get_clock(request).now()
    now: datetime = state.now
    return now


def get_wall(request: Request) -> datetime:
    """The real moment, also while the clock is held."""
    return get_clock(request).wall()


def _check_token(request: Request, given: str, expected: str) -> None:
    if not means(given, expected):
        if given and sent_from_here(request):
            raise FormExpired
        raise BadToken(_("页面已过期，本次提交未执行。请返回后刷新页面再提交。"))


def get_viewer(request: Request, typed: Annotated[Typed, Depends(read_form)]) -> Viewer:
    """Raises SignInNeeded without a living session, FormExpired or BadToken when a change comes without its token."""
    if "\x00" in request.scope["path"] or b"%00" in request.scope["query_string"]:
        raise NotFound  # PostgreSQL refuses NUL in any text: nothing has such an address
    database: Database = request.app.state.database
    settings = get_settings(request)
    now = get_now(request)
    token = read_cookie(request, COOKIE)
    if not token:
        raise SignInNeeded
    with database.reading() as session:
        found = signed_in(session, token_sha256(token), now=now, idle=timedelta(minutes=settings.session_idle_minutes))
        if found is None:
            raise SignInNeeded
        living, account, region = found.living, found.account, found.region
        session_id, seen_at = living.id or 0, living.seen_at
        viewer = viewer_of(
            account, region, found.department, csrf=masked(living.csrf), separate_duties=settings.separate_duties
        )
        token_of_session = living.csrf
        factor_is_missing = factor_missing(account.role, living.way, settings)
        has_factor = account.totp_secret is not None
        password_is_due = password_due(account, living.way, settings, now)
    request.state.viewer = viewer
    request.state.today = local_day(now, viewer.time_zone)
    # A foreign site can send a form, but not with htmx's header: the browser would ask us first, and we do not answer.
    if not only_reads(request):
        if is_htmx(request):
            from_this_site(request)
        else:
            _check_token(request, typed.text("csrf"), token_of_session)
    if password_is_due and request.url.path not in _WITHOUT_PASSWORD:
        raise PasswordDue
    if factor_is_missing and request.url.path not in _WITHOUT_FACTOR:
        raise SignInNeeded if has_factor else FactorNeeded
    if wants_touch(seen_at, now):
        with database.writing(act_of(request)) as session:
            touch_session(session, session_id, now=now)
    return viewer


def from_this_site(request: Request) -> None:
    """For changes without a session, which have no token to compare. Raises BadToken for what another site sent."""
    if not sent_from_here(request):
        raise BadToken(_("请求不是从本系统的页面发出的，未予执行。"))


def get_today(request: Request, viewer: Annotated[Viewer, Depends(get_viewer)]) -> date:
    """The day in the viewer's region."""
    return local_day(get_now(request), viewer.time_zone)


def get_session(request: Request, _typed: Annotated[Typed, Depends(read_form)]) -> Iterator[Session]:
    """Commits once, after the handler and before the answer; rolls back when the handler raises."""
    database: Database = request.app.state.database
    opened = database.reading() if only_reads(request) else database.writing(act_of(request))
    with opened as session:
        yield session


# scope="function": the commit comes before the answer, so a failed commit cannot be answered with success.
DbSession: TypeAlias = Annotated[Session, Depends(get_session, scope="function")]
SignedInViewer: TypeAlias = Annotated[Viewer, Depends(get_viewer)]
Today: TypeAlias = Annotated[date, Depends(get_today)]
Now: TypeAlias = Annotated[datetime, Depends(get_now)]
Wall: TypeAlias = Annotated[datetime, Depends(get_wall)]
Form: TypeAlias = Annotated[Typed, Depends(read_form)]
Knobs: TypeAlias = Annotated[Settings, Depends(get_settings)]
Store: TypeAlias = Annotated[EvidenceStore, Depends(get_evidence_store)]
# The databases' largest whole number; beyond it they fail instead of finding nothing.
RowId: TypeAlias = Annotated[int, Path(ge=1, le=2**63 - 1)]


def sent_from_here(request: Request) -> bool:
    """By what the browser says; programs that say nothing of a site are no browsers and carry no one's cookies."""
    fetched = request.headers.get("Sec-Fetch-Site")
    if fetched is not None:
        return fetched in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    return origin is None or _is_ours(origin, request)


def _is_ours(origin: str, request: Request) -> bool:
    """The very host that was asked for; or one of those that the settings name, where a proxy writes another."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    named = get_settings(request).host_names
    return bool(parts.netloc) and (parts.netloc == request.headers.get("Host") or parts.hostname in named)


def own_path(target: str) -> str:
    """Only a path of this site: a foreign address behind `next` would make sign-in a trap."""
    # Browsers drop tabs and line breaks, so that "/", tab, "/host" becomes the address of a host.
    foreign = not target.startswith("/") or target.startswith(("//", "/\\")) or any(char < " " for char in target)
    return "/" if foreign else target


def see_other(path: str, notice: str | None = None) -> RedirectResponse:
    """303 to a page of our own; `notice` names a sentence of templates/_notices.html."""
    if notice:
        path += ("&" if "?" in path else "?") + f"notice={notice}"
    return RedirectResponse(path, status_code=303)
