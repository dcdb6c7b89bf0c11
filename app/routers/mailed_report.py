"""一键填报: who has the link of a reminder reports on what the mail speaks of, without signing in.

Looking changes nothing, however often a mail scanner looks; only POST acts. The link's token is the only thing that
opens anything here: no cookie is asked for, so no foreign page can make a browser act. Forms carry a token that is made
of the link's, so that not even who lets a browser send to an address that he has seen somewhere gets anything done.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app import access
from app.access.report_links import ReportVisit, report_visit
from app.changes.recorded_moment import hold_lists
from app.changes.report_links import mark_opened, mark_reported, revoke_report_links
from app.changes.token_hash import token_sha256
from app.domain.audit import AuditAction
from app.errors import BadToken, Forbidden, Invalid, NotFound, Overtaken, SignInNeeded
from app.i18n import gettext as _
from app.i18n import officially
from app.rendering import is_htmx
from app.routers.batch_page import show_one
from app.routers.batch_place import next_item, read_pressed
from app.routers.batch_sending import Around, named_items, send_items
from app.routers.dependencies import DbSession, Form, Knobs, Now, RowId, Store, Typed, see_other
from app.routers.draft_status import save_draft, show_status
from app.routers.form_token import masked, means
from app.routers.mailed_report_page import door_of, read_visit_place, show_visit, show_void
from app.routers.report_form import typed_form
from app.settings import Settings
from app.trail import tell

router = APIRouter(prefix="/r")

_NO_CONTENT = 204


@dataclass(frozen=True, slots=True)
class _Use:
    """One request by a link."""

    request: Request
    token: str
    settings: Settings
    now: datetime

    def visit(self, session: Session) -> ReportVisit:
        """Raises NotFound. From here on the trail knows who acts."""
        csrf = masked(link_form_token(self.token))
        found = report_visit(session, token_sha256(self.token), csrf=csrf, now=self.now, settings=self.settings)
        self.request.state.by_link = found.viewer
        return found

    def judged(self, session: Session, typed: Typed) -> ReportVisit:
        """For a change. Raises NotFound, and BadToken without the token of the form."""
        found = self.visit(session)
        if not means(typed.text("csrf"), link_form_token(self.token)):
            raise BadToken(_("请求不是从填报页面发出的，未予执行。请重新打开邮件中的链接。"))
        return found

    def around(self, visit: ReportVisit) -> Around:
        """Every transaction asks again whether the link is still good: an account may be closed between two reports."""

        def before(session: Session) -> None:
            hold_lists(session, visit.viewer.region_id)  # closing an account locks the region first, too
            report_visit(session, token_sha256(self.token), csrf="", now=self.now, settings=self.settings)
            mark_opened(session, visit.link_id, now=self.now)

        return Around(before, lambda session: mark_reported(session, visit.link_id, now=self.now))


def link_form_token(token: str) -> str:
    return hashlib.sha256(f"report form\n{token}".encode()).hexdigest()


@router.get("/{token}")
def look(request: Request, token: str, session: DbSession, knobs: Knobs, now: Now) -> Response:
    try:
        visit = _Use(request, token, knobs, now).visit(session)
    except NotFound:
        return show_void(request)
    return show_visit(request, session, visit, token, read_visit_place(request.query_params), now=now)


@router.post("/{token}")
def send(
    *, request: Request, token: str, session: DbSession, typed: Form, store: Store, knobs: Knobs, now: Now
) -> Response:
    """Each report is a transaction of its own, as on the page of those who are signed in."""
    use = _Use(request, token, knobs, now)
    try:
        visit = use.judged(session, typed)
    except NotFound:
        return show_void(request, typed)
    ids = named_items(typed)
    _only_of_the_mail(session, visit, ids)
    pressed, place, around = read_pressed(typed, ids), read_visit_place(typed.values), use.around(visit)
    today = visit.today
    try:
        sent = send_items(
            request, session, visit.viewer, typed, store, ids, pressed, now=now, today=today, around=around
        )
    except (NotFound, SignInNeeded):  # in this very moment
        return show_void(request, typed)
    if is_htmx(request) and len(ids) == 1:
        return show_one(request, session, visit.viewer, today, sent, door=door_of(token))
    if sent.errors or (pressed.all and not sent.asked):
        return show_visit(request, session, visit, token, place, now=now, sent=sent, nothing=not sent.errors)
    if pressed.all:
        return see_other(place.link(token), "batch-sent")
    if pressed.only:
        at = next_item(ids, sent.done, pressed.only)
        return see_other(place.at_item(at, sent=True).link(token)) if at else see_other(place.link(token), "batch-sent")
    at = pressed.copy or pressed.discard
    return see_other(place.at_item(at).link(token)) if at else see_other(place.link(token), "drafts-kept")


@router.post("/{token}/draft/{obligation_id}")
def keep(
    *,
    request: Request,
    token: str,
    obligation_id: RowId,
    session: DbSession,
    typed: Form,
    store: Store,
    knobs: Knobs,
    now: Now,
) -> Response:
    """What is typed, a moment later. Only scripts ask for it; without them there is a button of the whole form."""
    use = _Use(request, token, knobs, now)
    try:
        visit = use.judged(session, typed)
        _only_of_the_mail(session, visit, [obligation_id])
        session.rollback()  # lets go of the write lock while files are put away
        form = typed_form(typed, store, visit.viewer.account_id, f"item-{obligation_id}-")
        use.around(visit).before(session)
        obligation = access.obligation_for_reporting(session, visit.viewer, obligation_id)
        form = save_draft(session, visit.viewer, obligation, form, now=now)
    except Forbidden:
        raise
    except NotFound:
        return show_void(request, typed)
    except (Invalid, Overtaken) as error:
        session.rollback()
        return show_status(request, visit.viewer, form, error)
    return show_status(request, visit.viewer, form)


@router.post("/{token}/opened")
def opened(request: Request, token: str, session: DbSession, typed: Form, knobs: Knobs, now: Now) -> Response:
    """Somebody has set about it: sent by the page when something in its form is touched first."""
    use = _Use(request, token, knobs, now)
    try:
        use.around(use.judged(session, typed)).before(session)
    except NotFound:
        return show_void(request)
    return Response(status_code=_NO_CONTENT)


@router.post("/{token}/revoke")
def revoke(request: Request, token: str, session: DbSession, typed: Form, knobs: Knobs, now: Now) -> Response:
    """ "这不是我": all links of the person lie in the same mailbox, so all of them end."""
    try:
        viewer = _Use(request, token, knobs, now).judged(session, typed).viewer
    except NotFound:
        return show_void(request)
    hold_lists(session, viewer.region_id)
    revoke_report_links(session, viewer.account_id, now=now)
    with officially():
        tell(
            session,
            action=AuditAction.SESSION_ENDED,
            subject_table="account",
            subject_id=viewer.account_id,
            subject=viewer.name,
            reason=_("邮件链接：收到的人表示不是本人，填报链接全部撤销"),
        )
    return see_other(f"/r/{token}", "report-link-revoked")


def _only_of_the_mail(session: Session, visit: ReportVisit, ids: Sequence[int]) -> None:
    """Whatever else there is, even of the same department, looks like what does not exist. Raises Forbidden."""
    if not set(ids) <= set(visit.items):
        raise Forbidden
    access.obligations_for_reporting(session, visit.viewer, ids)
