"""What a liaison types is kept on the server, by itself or by a button, until it is sent or given up."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app import access
from app.changes.drop_draft import drop_draft
from app.errors import Invalid, Overtaken
from app.models import ProgressUpdate
from app.rendering import is_htmx
from app.routers.dependencies import DbSession, Form, Now, RowId, SignedInViewer, Store, Today, see_other
from app.routers.draft_status import save_draft, show_status
from app.routers.obligation_page import show_obligation
from app.routers.report_form import typed_form

router = APIRouter()


@router.post("/obligations/{obligation_id}/draft")
def keep(
    *,
    request: Request,
    obligation_id: RowId,
    session: DbSession,
    viewer: SignedInViewer,
    typed: Form,
    store: Store,
    now: Now,
    today: Today,
) -> Response:
    """With `copy`, the words of the last report are put where nothing is written yet."""
    access.obligation_for_reporting(session, viewer, obligation_id)
    session.rollback()  # lets go of the write lock while files are put away
    prefix = f"item-{obligation_id}-" if f"item-{obligation_id}-revision" in typed.values else ""
    form = typed_form(typed, store, viewer.account_id, prefix)
    obligation = access.obligation_for_reporting(session, viewer, obligation_id)
    if typed.checked("copy") and obligation.last_update_id is not None:
        form = form.with_last(session.get(ProgressUpdate, obligation.last_update_id))
    try:
        kept = save_draft(session, viewer, obligation, form, now=now)
    except (Invalid, Overtaken) as error:
        session.rollback()
        if is_htmx(request):
            return show_status(request, viewer, form, error)
        return show_obligation(request, session, viewer, today, obligation_id, report=form, error=error)
    if is_htmx(request):
        return show_status(request, viewer, kept)
    return see_other(f"/obligations/{obligation_id}#report-form")  # where the form says when it was saved


@router.post("/obligations/{obligation_id}/draft/discard")
def discard(obligation_id: RowId, session: DbSession, viewer: SignedInViewer) -> Response:
    access.obligation_for_reporting(session, viewer, obligation_id)
    drop_draft(session, obligation_id, viewer.account_id)
    return see_other(f"/obligations/{obligation_id}?notice=draft-dropped#report-form")
