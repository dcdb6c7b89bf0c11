"""The mail log, and one mail as it was or will be sent: held, let go, taken back, sent again."""

from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Annotated
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from app.access import Viewer, mail_for_reading, secretariat_only
from app.changes.send_again import copies_of, may_be_sent_again, send_again
from app.changes.steer_mail import LONGEST_REASON, drop_mail, hold_mail, release_mail
from app.domain.delivery import OF_ANY_MAIL, Delivery
from app.errors import DubanError, Invalid, Overtaken
from app.i18n import gettext as _
from app.mail.covered_links import covered_mail
from app.mail.message import BadAddress, build_message, date_of
from app.models import OutboxMail
from app.models.outbox_mail import MailState
from app.queries.mails import link_in, mails, name_of, related_mails
from app.rendering import page
from app.routers.dependencies import DbSession, Form, Knobs, Now, RowId, SignedInViewer, Typed, get_now, see_other
from app.routers.downloads import download
from app.settings import Settings

router = APIRouter()

LONGEST_QUESTION = 100

# A mail's own styles stand in its elements. In its frame it may look like itself and do nothing else.
_SHOWN_ONLY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"


@router.get("/mail")
def log(
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    state: Delivery | None = None,
    q: str = "",
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> Response:
    secretariat_only(viewer)
    if state not in OF_ANY_MAIL:
        state = None
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
        states=OF_ANY_MAIL,
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
    at = date_of(mail, mail.sent_at or mail.created_at).astimezone(ZoneInfo(viewer.time_zone))
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
    return _mail_page(request, session, mail_for_reading(session, viewer, mail_id), knobs)


def _mail_page(
    request: Request,
    session: Session,
    mail: OutboxMail,
    knobs: Settings,
    *,
    typed: str = "",
    error: DubanError | None = None,
) -> Response:
    attachments = [(stored["file_name"], len(b64decode(stored["content"]))) for stored in mail.attachments]
    related = related_mails(session, mail)
    under_way = any(one.id != mail.id and one.state in {MailState.QUEUED, MailState.SENDING} for one in related)
    return page(
        request,
        "mail/mail.html",
        status=200 if error is None else 409 if isinstance(error, Overtaken) else 422,
        mail=covered_mail(mail),
        sender=knobs.mail_from,
        attachments=attachments,
        related=related,
        held_by=name_of(session, mail.held_by),
        again=may_be_sent_again(mail) and (not under_way or error is not None),
        copies=copies_of(session, mail),
        report_link=link_in(session, mail),
        now=get_now(request),
        longest=LONGEST_REASON,
        reason=typed,
        faults=error.fields if isinstance(error, Invalid) else {},
        conflict=error.message if isinstance(error, Overtaken) else "",
    )


def _steered(
    request: Request,
    session: Session,
    viewer: Viewer,
    mail_id: int,
    knobs: Settings,
    typed: Typed,
    *,
    change: Callable[[OutboxMail, str], OutboxMail],
    notice: str,
) -> Response:
    """Changes the mail and shows the one that `change` returns; the same page with the sentence where it cannot be."""
    mail = mail_for_reading(session, viewer, mail_id)
    try:
        shown = change(mail, typed.text("reason")).id
    except (Invalid, Overtaken) as error:
        session.rollback()
        mail = mail_for_reading(session, viewer, mail_id)
        return _mail_page(request, session, mail, knobs, typed=typed.text("reason"), error=error)
    return see_other(f"/mail/{shown}", notice)


@router.post("/mail/{mail_id}/hold")
def hold(
    request: Request, mail_id: RowId, session: DbSession, viewer: SignedInViewer, typed: Form, now: Now, knobs: Knobs
) -> Response:
    def change(mail: OutboxMail, reason: str) -> OutboxMail:
        hold_mail(session, mail, reason=reason, by=viewer.account_id, now=now)
        return mail

    return _steered(request, session, viewer, mail_id, knobs, typed, change=change, notice="mail-held")


@router.post("/mail/{mail_id}/release")
def release(
    request: Request, mail_id: RowId, session: DbSession, viewer: SignedInViewer, typed: Form, knobs: Knobs
) -> Response:
    def change(mail: OutboxMail, reason: str) -> OutboxMail:
        release_mail(session, mail, reason=reason)
        return mail

    return _steered(request, session, viewer, mail_id, knobs, typed, change=change, notice="mail-released")


@router.post("/mail/{mail_id}/drop")
def drop(
    request: Request, mail_id: RowId, session: DbSession, viewer: SignedInViewer, typed: Form, now: Now, knobs: Knobs
) -> Response:
    def change(mail: OutboxMail, reason: str) -> OutboxMail:
        drop_mail(session, mail, reason=reason, now=now)
        return mail

    return _steered(request, session, viewer, mail_id, knobs, typed, change=change, notice="mail-dropped")


@router.post("/mail/{mail_id}/again")
def again(
    request: Request, mail_id: RowId, session: DbSession, viewer: SignedInViewer, typed: Form, now: Now, knobs: Knobs
) -> Response:
    def change(mail: OutboxMail, reason: str) -> OutboxMail:
        seen = typed.number("copies")
        return send_again(
            session,
            mail,
            seen=-1 if seen is None else seen,
            reason=reason,
            by=viewer.account_id,
            now=now,
            settings=knobs,
        )

    return _steered(request, session, viewer, mail_id, knobs, typed, change=change, notice="mail-again")
