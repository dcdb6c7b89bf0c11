"""搜索: words in tasks, measures, indicators, departments and reports."""

import unicodedata
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.access import plan_pages, report_scope
from app.domain.search import Kind, excerpt
from app.errors import Invalid
from app.i18n import gettext as _
from app.queries.department_names import present_names
from app.queries.search import SHOWN, Found, search
from app.rendering import page
from app.routers.dependencies import DbSession, SignedInViewer, Today

router = APIRouter()

FIRST = 5  # of each kind, where all kinds are shown
LONGEST = 100
MOST_WORDS = 8


def _words(typed: str) -> list[str]:
    """Raises Invalid for more than a database should be asked."""
    # Full-width letters and digits are typed for the plain ones, and the other way round nobody prints them.
    words = list(dict.fromkeys(unicodedata.normalize("NFKC", typed).split()))
    if len(typed) > LONGEST:
        raise Invalid({"q": _("搜索内容不得超过%(count)s字。") % {"count": LONGEST}})
    if len(words) > MOST_WORDS:
        raise Invalid({"q": _("最多可同时搜索%(count)s个词，词与词之间用空格分开。") % {"count": MOST_WORDS}})
    return words


@router.get("/search")
def results(
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    q: str = "",
    kind: Kind | None = None,
    after: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    *,
    today: Today,
) -> Response:
    """All kinds with their first hits, or one kind page by page."""
    plan_pages(viewer)
    q = q.strip()
    try:
        words = _words(q)
    except Invalid as error:
        return page(request, "search/search.html", status=422, q=q, kind=kind, found={}, words=[], faults=error.fields)
    scope = report_scope(viewer)
    found: dict[Kind, Found] = {}
    if words:
        for one in Kind if kind is None else [kind]:
            found[one] = search(
                session, scope, one, words, after=after if kind else None, limit=SHOWN if kind else FIRST
            )
    return page(
        request,
        "search/search.html",
        q=q,
        kind=kind,
        now=present_names(session, viewer.region_id, today) if Kind.DEPARTMENT in found else {},
        found={one: some for one, some in found.items() if some.hits},
        words=words,
        faults={},
        excerpt=excerpt,
        # From all kinds the link opens one from its beginning, from one kind the next page.
        link=lambda one, behind: (
            "/search?" + urlencode({"q": q, "kind": one.value, **({"after": behind} if kind else {})})
        ),
    )
