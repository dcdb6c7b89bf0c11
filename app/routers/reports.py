"""A department reports on its obligation."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app import access
from app.changes.submit_update import submit_update, was_sent_before
from app.errors import Invalid, Overtaken
from app.models.progress_update import UpdateKind
from app.routers.dependencies import DbSession, Form, Now, RowId, SignedInViewer, Store, Today, see_other
from app.routers.obligation_page import show_obligation
from app.routers.report_form import typed_form

router = APIRouter()


@router.post("/obligations/{obligation_id}/updates")
def report(
    request: Request,
    obligation_id: RowId,
    session: DbSession,
    viewer: SignedInViewer,
    typed: Form,
    store: Store,
    now: Now,
    today: Today,
) -> Response:
    access.obligation_for_reporting(session, viewer, obligation_id)
    session.rollback()  # lets go of the write lock while files are checked and put away, which may take seconds
    form = typed_form(typed, store, viewer.account_id)
    obligation = access.obligation_for_reporting(session, viewer, obligation_id)
    said, faults = form.read(obligation.percent)
    notice = "submitted" if said.kind is UpdateKind.COMPLETION else "reported"
    try:
        if faults:
            raise Invalid(faults)
        submit_update(session, obligation, said, by=viewer.account_id, now=now, today=today)
    except (Invalid, Overtaken) as error:
        session.rollback()
        obligation = access.obligation_for_reporting(session, viewer, obligation_id)
        if isinstance(error, Invalid) or not was_sent_before(session, obligation, said, by=viewer.account_id):
            return show_obligation(request, session, viewer, today, obligation_id, report=form, error=error)
    return see_other(f"/obligations/{obligation_id}", notice)
