"""The mail log, and one mail as it was or will be sent."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from app.access import mail_for_reading, secretariat_only
from app.errors import Invalid
from app.i18n import gettext as _
from app.mail.covered_links import covered_mail
from app.mail.message import BadAddress, build_message
from app.models.outbox_mail import MailState
from app.queries.mails import mails
from app.rendering import page
from app.routers.dependencies import DbSession, Knobs, RowId, SignedInViewer
from app.routers.downloads import download

router = APIRouter()

LONGEST_QUESTION = 100

# A mail's own styles stand in its elements. In its frame it may look like itself and do nothing else.
_SHOWN_ONLY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"


@router.get("/mail")
def log(
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    state: MailState | None = None,
    q: str = "",
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> Response:
    secretariat_only(viewer)
    faults = {}
    recipient = q.strip()
    if len(recipient) > LONGEST_QUESTION:
        faults["q"] = _("查找内容不能超过%(limit)s个字。") % {"limit": LONGEST_QUESTION}
        recipient = ""
    asked = {"state": state.value if state else "", "q": recipient}
    return page(
        request,
        "mail/log.html",
        status=422 if faults else 200,
        found=mails(session, viewer.region_id, state=state, recipient=recipient, before=before),
        state=state,
        states=list(MailState),
        later=before is not None,
        q=q.strip(),
        faults=faults,
        link=lambda **changed: _link({**asked, **changed}),
    )


def _link(asked: Mapping[str, str]) -> str:
    """The log with these filters; an empty one is left out."""
    query = urlencode({name: text for name, text in asked.items() if text})
    return f"/mail?{query}" if query else "/mail"


@router.get("/mail/{mail_id}.eml")
def as_file(mail_id: RowId, session: DbSession, viewer: SignedInViewer, knobs: Knobs) -> Response:
    mail = covered_mail(mail_for_reading(session, viewer, mail_id))
    at = (mail.sent_at or mail.created_at).astimezone(ZoneInfo(viewer.time_zone))
    try:
        message = build_message(mail, sender=knobs.mail_from, at=at)
    except BadAddress as error:
        raise Invalid({"to_address": str(error)}) from error
    return download(message.as_bytes(), "message/rfc822", name=f"{mail.subject}.eml", plain=f"mail-{mail_id}.eml")


@router.get("/mail/{mail_id}/html")
def html_part(mail_id: RowId, session: DbSession, viewer: SignedInViewer) -> Response:
    mail = covered_mail(mail_for_reading(session, viewer, mail_id))
    return HTMLResponse(mail.html, headers={"Content-Security-Policy": _SHOWN_ONLY})


@router.get("/mail/{mail_id}")
def one(request: Request, mail_id: RowId, session: DbSession, viewer: SignedInViewer, knobs: Knobs) -> Response:
    mail = covered_mail(mail_for_reading(session, viewer, mail_id))
    attachments = [(stored["file_name"], len(b64decode(stored["content"]))) for stored in mail.attachments]
    return page(request, "mail/mail.html", mail=mail, sender=knobs.mail_from, attachments=attachments)
