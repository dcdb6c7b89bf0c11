"""Hand-over 工作交接 of who leaves: the form with all that it does, the sheets, and one's own sheet before it."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer, account_for_handover, handover_for_reading, handovers_page, own_handover
from app.changes.edit_account import account_mark
from app.changes.hand_over import Hands, NewPerson, Wanted, hand_over
from app.documents.writing.circular_docx import MEDIA_TYPE
from app.documents.writing.handover_docx import HandoverPaper, handover_docx
from app.domain.handover_sheet import sheet_of
from app.errors import DubanError, Invalid, Overtaken
from app.i18n import gettext as _
from app.i18n import officially
from app.models import Account, Region
from app.queries.handover_items import handover_items
from app.queries.handovers import candidates, effects, handovers, last_handover_of
from app.rendering import page
from app.routers.dependencies import (
    DbSession,
    Form,
    Knobs,
    Now,
    RowId,
    SignedInViewer,
    Store,
    Today,
    Typed,
    get_now,
    see_other,
)
from app.routers.downloads import download

router = APIRouter()

_NEW = "new"  # the choice of a successor who has no account yet
_ID_DIGITS = 18  # what the databases can compare with an id


def _form(
    request: Request,
    session: Session,
    viewer: Viewer,
    account: Account,
    *,
    typed: Mapping[str, str],
    error: DubanError | None = None,
) -> Response:
    now = get_now(request)
    region = session.get_one(Region, viewer.region_id)
    overtaken = isinstance(error, Overtaken)
    return page(
        request,
        "handovers/form.html",
        status=200 if error is None else 409 if overtaken else 422,
        account=account,
        mark=account_mark(account),
        form=typed,
        candidates=candidates(session, account),
        effects=effects(session, account.id or 0, now=now),
        sheet=handover_items(session, region, account, now=now),
        last=last_handover_of(session, account.id or 0),
        faults=error.fields if isinstance(error, Invalid) else {},
        conflict=error.message if overtaken and error else "",
    )


@router.get("/manage/accounts/{account_id}/handover")
def prepare(request: Request, session: DbSession, viewer: SignedInViewer, today: Today, account_id: RowId) -> Response:
    account = account_for_handover(session, viewer, account_id)
    return _form(request, session, viewer, account, typed={"on": today.isoformat()})


def _wanted(typed: Typed) -> Wanted:
    chosen = typed.text("successor")
    successor: int | NewPerson | None = None
    if chosen == _NEW:
        successor = NewPerson(typed.text("login"), typed.text("name") or None, typed.text("email") or None)
    elif chosen.isdecimal() and len(chosen) <= _ID_DIGITS:
        successor = int(chosen)
    return Wanted(typed.text("seen"), successor, typed.day("on"), typed.text("note"))


@router.post("/manage/accounts/{account_id}/handover")
def carry_out(
    *,
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    account_id: RowId,
    typed: Form,
    now: Now,
    knobs: Knobs,
    store: Store,
) -> Response:
    account = account_for_handover(session, viewer, account_id)
    hands = Hands(viewer.account_id, now, knobs, store, separate=viewer.separate_duties)
    try:
        done = hand_over(session, account, _wanted(typed), hands)
    except (Invalid, Overtaken) as error:
        session.rollback()
        account = account_for_handover(session, viewer, account_id)
        return _form(request, session, viewer, account, typed=typed.values, error=error)
    if done.way_in is not None and not done.way_in.mailed_to:
        # What is shown once: as for any new account, it is kept nowhere from which it could be read again.
        return page(request, "manage/accounts/way_in.html", account=done.successor, way_in=done.way_in, is_new=True)
    # Who keeps the accounts and no more gets to know that it is done, and not what stands in the sheet.
    place = f"/handovers/{done.handover.id}" if viewer.is_secretariat else f"/manage/accounts/{account_id}"
    return see_other(place, "handed-over")


@router.get("/handovers")
def index(
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> Response:
    handovers_page(viewer)
    return page(
        request, "handovers/index.html", found=handovers(session, viewer.region_id, before=before), later=before
    )


@router.get("/handovers/{handover_id}.docx")
def sheet_file(session: DbSession, viewer: SignedInViewer, handover_id: RowId) -> Response:
    row = handover_for_reading(session, viewer, handover_id)
    paper = HandoverPaper(sheet_of(row.items), row.on, row.note)
    return _download(paper, plain=f"handover-{row.id}.docx")


def _download(paper: HandoverPaper, *, plain: str) -> Response:
    with officially():
        name = _("工作交接单（%(name)s）.docx") % {"name": paper.sheet.from_name}
    return download(handover_docx(paper), MEDIA_TYPE, name=name, plain=plain)


@router.get("/handovers/{handover_id}")
def show(request: Request, session: DbSession, viewer: SignedInViewer, handover_id: RowId) -> Response:
    row = handover_for_reading(session, viewer, handover_id)
    paper = HandoverPaper(sheet_of(row.items), row.on, row.note)
    return page(request, "handovers/sheet.html", **_shown(paper), file=f"/handovers/{row.id}.docx", made_at=row.made_at)


def _shown(paper: HandoverPaper) -> dict[str, Any]:
    return {"sheet": paper.sheet, "on": paper.on, "note": paper.note}


def _own(session: Session, viewer: Viewer, now: Now) -> HandoverPaper:
    own_handover(viewer)
    account = session.get_one(Account, viewer.account_id)
    region = session.get_one(Region, viewer.region_id)
    return HandoverPaper(handover_items(session, region, account, now=now), on=None)


@router.get("/account/handover")
def own_sheet(request: Request, session: DbSession, viewer: SignedInViewer, now: Now) -> Response:
    """As of today, to prepare it; those who keep the accounts carry it out."""
    paper = _own(session, viewer, now)
    return page(request, "handovers/sheet.html", **_shown(paper), file="/account/handover.docx", made_at=None)


@router.get("/account/handover.docx")
def own_file(session: DbSession, viewer: SignedInViewer, now: Now) -> Response:
    return _download(_own(session, viewer, now), plain="handover.docx")
