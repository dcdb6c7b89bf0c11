"""Links that report without signing in are revoked: all of one's own, or by the secretariat the one of a mail."""

from fastapi import APIRouter
from fastapi.responses import Response

from app.access.lists import mail_for_reading
from app.changes.report_links import revoke_link_of_mail, revoke_report_links
from app.routers.dependencies import DbSession, Now, RowId, SignedInViewer, see_other

router = APIRouter()


@router.post("/account/report-links/revoke")
def revoke_own(session: DbSession, viewer: SignedInViewer, now: Now) -> Response:
    revoke_report_links(session, viewer.account_id, now=now)
    return see_other("/account", "report-links-revoked")


@router.post("/mail/{mail_id}/report-link/revoke")
def revoke_of_mail(session: DbSession, viewer: SignedInViewer, mail_id: RowId, now: Now) -> Response:
    """Also of a mail that waits: it then leads to the page that asks for signing in."""
    mail = mail_for_reading(session, viewer, mail_id)
    revoke_link_of_mail(session, mail.copy_of or mail_id, now=now)
    return see_other(f"/mail/{mail_id}", "report-link-revoked")
