"""Sends one report, from the page of its obligation or from the page with many."""

from datetime import date, datetime

from sqlmodel import Session

from app import access
from app.access import Viewer
from app.changes.keep_draft import keep_draft
from app.changes.submit_update import repeats_returned, submit_update, was_sent_before
from app.errors import Invalid, NotFound, Overtaken, SignInNeeded
from app.i18n import gettext as _
from app.models import Account, Obligation
from app.routers.report_form import ReportForm


def obligation_to_report(session: Session, viewer: Viewer, obligation_id: int) -> Obligation:
    """Raises SignInNeeded for somebody whose department has been succeeded since this request began.

    His sessions have ended with it: what he typed waits on the page to sign in, and is sent again by who he is now.
    """
    try:
        return access.obligation_for_reporting(session, viewer, obligation_id)
    except NotFound as missing:
        account = session.get(Account, viewer.account_id)
        if account is not None and account.department_id != viewer.department_id:
            raise SignInNeeded from missing
        raise


def send_report(
    session: Session, viewer: Viewer, obligation_id: int, form: ReportForm, *, now: datetime, today: date
) -> Invalid | Overtaken | None:
    """What stands against it, or None. A report that was refused becomes a draft: the page may be closed now.

    What was sent before, by a double click or a reload, is a success without a second report.
    """
    obligation = obligation_to_report(session, viewer, obligation_id)
    said, faults = form.read(obligation.percent)
    try:
        if not faults and repeats_returned(session, obligation, said):
            faults = {"text": _("内容与退回前完全相同，也没有新的佐证材料。请按秘书处意见修改后再提交。")}
        if faults:
            raise Invalid(faults)
        submit_update(session, obligation, said, by=viewer.account_id, now=now, today=today)
    except (Invalid, Overtaken) as error:
        session.rollback()
        obligation = obligation_to_report(session, viewer, obligation_id)
        overtaken = isinstance(error, Overtaken)
        if overtaken and was_sent_before(session, obligation, said, by=viewer.account_id):
            return None
        # After a conflict the page shows what is new, so the draft counts from there.
        keep_typed(session, viewer, obligation_id, form, revision=obligation.revision if overtaken else None, now=now)
        return error
    return None


def keep_typed(
    session: Session,
    viewer: Viewer,
    obligation_id: int,
    form: ReportForm,
    *,
    now: datetime,
    revision: int | None = None,
) -> Invalid | Overtaken | None:
    """Keeps the form as a draft; what stands against it, or None."""
    obligation = obligation_to_report(session, viewer, obligation_id)
    try:
        keep_draft(
            session,
            obligation,
            form.as_draft(),
            revision=form.revision if revision is None else revision,
            by=viewer.account_id,
            now=now,
            opened=form.opened,
        )
    except (Invalid, Overtaken) as error:
        return error
    return None
