"""来信: what came to the mailbox, and what became of it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.access import inbound_mail_for_reading, secretariat_only
from app.models import Account, Department, OutboxMail
from app.models.inbound_mail import InboundKind
from app.queries.inbound_mails import inbound_mails
from app.rendering import page
from app.routers.dependencies import DbSession, RowId, SignedInViewer

router = APIRouter()


@router.get("/mail/inbound")
def log(
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    kind: InboundKind | None = None,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> Response:
    secretariat_only(viewer)
    return page(
        request,
        "mail/inbound.html",
        found=inbound_mails(session, viewer.region_id, kind=kind, before=before),
        kind=kind,
        kinds=list(InboundKind),
        later=before is not None,
        is_set=request.app.state.settings.inbox_url is not None,
    )


@router.get("/mail/inbound/{inbound_id}")
def one(request: Request, inbound_id: RowId, session: DbSession, viewer: SignedInViewer) -> Response:
    mail = inbound_mail_for_reading(session, viewer, inbound_id)
    return page(
        request,
        "mail/inbound_mail.html",
        mail=mail,
        account=session.get(Account, mail.account_id) if mail.account_id else None,
        department=session.get(Department, mail.department_id) if mail.department_id else None,
        sent=session.get(OutboxMail, mail.mail_id) if mail.mail_id else None,
    )
