"""A department reports on its obligation."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.models.progress_update import UpdateKind
from app.routers.dependencies import DbSession, Form, Now, RowId, SignedInViewer, Store, Today, see_other
from app.routers.obligation_page import show_obligation
from app.routers.report_form import typed_form
from app.routers.report_sending import obligation_to_report, send_report

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
    obligation_to_report(session, viewer, obligation_id)
    session.rollback()  # lets go of the write lock while files are checked and put away, which may take seconds
    form = typed_form(typed, store, viewer.account_id)
    error = send_report(session, viewer, obligation_id, form, now=now, today=today)
    if error is not None:
        return show_obligation(request, session, viewer, today, obligation_id, report=form, error=error)
    notice = "submitted" if form.kind == UpdateKind.COMPLETION else "reported"
    return see_other(f"/obligations/{obligation_id}", notice)
