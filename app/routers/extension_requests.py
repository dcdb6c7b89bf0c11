"""A department asks for a later date."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app import access
from app.changes.extend_due import request_extension
from app.errors import Invalid, Overtaken
from app.routers.dependencies import DbSession, Form, Now, RowId, SignedInViewer, Today, see_other
from app.routers.obligation_page import ExtensionForm, show_obligation

router = APIRouter()


@router.post("/obligations/{obligation_id}/extensions")
def ask(
    request: Request,
    obligation_id: RowId,
    session: DbSession,
    viewer: SignedInViewer,
    typed: Form,
    now: Now,
    today: Today,
) -> Response:
    obligation = access.obligation_for_reporting(session, viewer, obligation_id)
    try:
        request_extension(
            session,
            obligation,
            reason=typed.text("reason"),
            proposed_due=typed.day("proposed_due"),
            by=viewer.account_id,
            now=now,
            today=today,
        )
    except (Invalid, Overtaken) as error:
        session.rollback()
        form = ExtensionForm(typed.text("reason"), typed.text("proposed_due"))
        return show_obligation(request, session, viewer, today, obligation_id, extension=form, error=error)
    return see_other(f"/obligations/{obligation_id}", "extension-requested")
