"""Keeps what is being typed of one report, and says what became of it."""

from dataclasses import replace
from datetime import datetime

from fastapi import Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer
from app.changes.keep_draft import keep_draft
from app.errors import Invalid, Overtaken
from app.models import Obligation
from app.rendering import page
from app.routers.report_form import ReportForm

_UNPROCESSABLE, _CONFLICT = 422, 409


def save_draft(
    session: Session, viewer: Viewer, obligation: Obligation, form: ReportForm, *, now: datetime
) -> ReportForm:
    """The form with what became of it. Raises Invalid, Overtaken."""
    kept = keep_draft(
        session,
        obligation,
        form.as_draft(),
        revision=form.revision,
        by=viewer.account_id,
        now=now,
        opened=form.opened,
    )
    return replace(form, saved_at=kept.saved_at, changed=kept.changed, covered_at=kept.covered_at)


def show_status(
    request: Request, viewer: Viewer, form: ReportForm, error: Invalid | Overtaken | None = None
) -> Response:
    """For htmx: the inside of the line beside the form's buttons."""
    name = "obligations/_draft_status.html"
    if error is None:
        return page(request, name, viewer=viewer, form=form, refused="", just_now=True)
    status = _UNPROCESSABLE if isinstance(error, Invalid) else _CONFLICT
    return page(request, name, status=status, viewer=viewer, form=form, refused=error.message)
