"""一键填报: the page behind the link of a reminder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import Response
from sqlmodel import Session

from app import access
from app.access.report_links import ReportVisit
from app.changes.token_hash import token_sha256
from app.domain.workflow import WAITING_FOR_DEPARTMENT
from app.i18n import gettext as _
from app.queries.batch_items import SaidBefore, said_before
from app.queries.department_list import rows_of_department
from app.queries.obligations import ObligationRow
from app.queries.sessions import signed_in
from app.rendering import is_htmx, page
from app.routers.batch_page import Door, batch_items, upload_limits
from app.routers.batch_place import BATCH, read_ids
from app.routers.batch_sending import Sent
from app.routers.cookies import read_cookie
from app.routers.dependencies import COOKIE, Typed, get_settings

_NOT_FOUND = 404
_TO_BATCH = "/obligations/batch"  # takes the same fields from who has signed in
_OF_THE_PAGE = frozenset({"csrf", "after", "at", "sent"})
# Beside the form: what htmx asked for is left as it is, with all that was typed.
_BESIDE = {"HX-Retarget": "#above", "HX-Reselect": "#beside", "HX-Reswap": "innerHTML"}


@dataclass(frozen=True, slots=True)
class VisitPlace:
    """`after`: items behind this one, `at`: the one to go on with, `sent`: the one before was sent just now."""

    after: int | None = None
    at: int | None = None
    sent: bool = False

    def at_item(self, at: int, *, sent: bool = False) -> "VisitPlace":
        return replace(self, at=at, sent=sent)

    def link(self, token: str) -> str:
        values = {"after": self.after, "at": self.at, "sent": "yes" if self.sent else ""}
        query = urlencode({name: value for name, value in values.items() if value})
        return f"/r/{token}" + (f"?{query}" if query else "") + (f"#item-{self.at}" if self.at else "")


def read_visit_place(params: Mapping[str, str]) -> VisitPlace:
    """Raises Invalid for what no link of ours has."""
    after, at = (next(iter(read_ids(params.get(name, ""), 1)), None) for name in ("after", "at"))
    return VisitPlace(after, at, bool(params.get("sent")))


def door_of(token: str) -> Door:
    return Door(f"/r/{token}", f"/r/{token}/draft/{{}}", leads_on=False)


def show_visit(
    request: Request,
    session: Session,
    visit: ReportVisit,
    token: str,
    place: VisitPlace,
    *,
    now: datetime,
    sent: Sent | None = None,
    nothing: bool = False,
) -> Response:
    """`sent`: what could not all be stored; `nothing`: all was to be sent and nothing was filled in."""
    viewer = visit.viewer
    department = access.reporting_page(viewer)
    rows = list(rows_of_department(session, viewer.region_id, department, visit.items).values())
    said = said_before(session, rows)
    done = [row for row in rows if _is_done(row, said, visit.made_at)]
    if sent is None:
        shown = _behind([row for row in rows if row not in done], visit.items, place.after)
    else:
        # What was overtaken stays to be sent again, whatever it is by now.
        shown = [row for row in rows if row.id in sent.left]
        done = [row for row in done if row not in shown]
    told = _("上一件已提交，请继续填报这一件。") if place.sent else ""
    items = batch_items(
        request,
        session,
        viewer,
        shown[:BATCH],
        typed=sent.forms if sent else None,
        errors=sent.errors if sent else None,
        opened=place.at,
        told=told,
    )
    answer = page(
        request,
        "mailed_report/report.html",
        status=sent.status if sent else 200,
        viewer=viewer,
        today=visit.today,
        here=None,
        visit=visit,
        door=door_of(token),
        place=place,
        items=items,
        done=done,
        next_page=replace(place, after=shown[BATCH - 1].id, at=None, sent=False).link(token)
        if len(shown) > BATCH
        else "",
        left=len(shown) - len(items),
        first_page=f"/r/{token}" if place.after else "",
        nothing=nothing,
        upload=upload_limits(request),
        answer=False,
        signed_in_as=_somebody_else(request, session, visit, now),
    )
    return _quiet(answer)


def _is_done(row: ObligationRow, said: SaidBefore, since: datetime) -> bool:
    """Nothing is owed any more, or it was reported on since the mail was written and not sent back."""
    if row.state not in WAITING_FOR_DEPARTMENT:
        return True
    last, demand = said.last.get(row.id), said.demands.get(row.id)
    if last is None or last.recorded_at <= since:
        return False
    return demand is None or demand.recorded_at < last.recorded_at


def _behind(rows: Sequence[ObligationRow], order: Sequence[int], after: int | None) -> list[ObligationRow]:
    if after not in order:
        return list(rows)
    behind = set(order[order.index(after) + 1 :])
    return [row for row in rows if row.id in behind]


def _somebody_else(request: Request, session: Session, visit: ReportVisit, now: datetime) -> str:
    """Who is signed in in this browser, where that is another person than the link's."""
    token = read_cookie(request, COOKIE)
    if not token:
        return ""
    idle = timedelta(minutes=get_settings(request).session_idle_minutes)
    found = signed_in(session, token_sha256(token), now=now, idle=idle)
    return found.account.name if found is not None and found.account.id != visit.viewer.account_id else ""


def show_void(request: Request, typed: Typed | None = None) -> Response:
    """The same for a link that never was, has expired, was revoked or counts no more.

    What was typed is not lost: it can be sent on after signing in.
    """
    if is_htmx(request):
        answer = page(request, "mailed_report/_void_beside.html", status=_NOT_FOUND)
        answer.headers.update(_BESIDE)
        return _quiet(answer)
    fields = {name: texts for name, texts in typed.lists.items() if name not in _OF_THE_PAGE} if typed else {}
    written = any(text for name, texts in fields.items() for text in texts if name.startswith("item-"))
    kept = {"path": _TO_BATCH, "fields": fields, "files": bool(typed and typed.files)} if written else None
    answer = page(request, "mailed_report/void.html", status=_NOT_FOUND, here=None, kept=kept, login="", faults={})
    return _quiet(answer, form=kept is not None)


def _quiet(answer: Response, *, form: bool = False) -> Response:
    """The address holds the token, so nobody is told it. The form to sign in needs the origin and no more."""
    answer.headers["Referrer-Policy"] = "strict-origin" if form else "no-referrer"
    return answer
