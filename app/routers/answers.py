"""邮件答复: what came by mail, for the department to take as a draft or to drop."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app import access
from app.access import Viewer
from app.changes.settle_answer import drop_answer, restore_answer, take_answer
from app.documents.evidence_store import EvidenceStore, StoredFile
from app.documents.upload_receipt import redeem
from app.errors import DubanError, Invalid, NotFound, Overtaken
from app.i18n import gettext as _
from app.models import Obligation
from app.queries.answers import SETTLED, AnswerRow, answers_of, answers_waiting, open_items
from app.queries.update_drafts import drafted
from app.rendering import page
from app.routers.dependencies import DbSession, Form, Now, RowId, SignedInViewer, Store, see_other

router = APIRouter()

_UNPROCESSABLE, _CONFLICT = 422, 409
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Shown:
    """An answer with its files; `in_draft`: the viewer has written something on this item already."""

    row: AnswerRow
    files: Sequence[StoredFile]
    in_draft: bool


@router.get("/answers")
def answers(request: Request, session: DbSession, viewer: SignedInViewer, store: Store) -> Response:
    return _page(request, session, viewer, store)


@router.post("/answers/{answer_id}/take")
def take(
    request: Request,
    answer_id: RowId,
    session: DbSession,
    viewer: SignedInViewer,
    typed: Form,
    store: Store,
    now: Now,
) -> Response:
    """With `obligation` where the answer says not of which item it speaks."""
    answer = access.answer_for_settling(session, viewer, answer_id)
    try:
        obligation = _chosen(session, viewer, answer.obligation_id or typed.number("obligation"))
        take_answer(session, answer, obligation, store=store, by=viewer.account_id, now=now)
    except (Invalid, Overtaken) as error:
        session.rollback()
        chosen = typed.text("obligation")
        return _page(request, session, viewer, store, about=answer_id, chosen=chosen, error=error)
    return see_other(f"/obligations/{obligation.id}?notice=answer-taken#report-form")


@router.post("/answers/{answer_id}/drop")
def drop(
    request: Request, answer_id: RowId, session: DbSession, viewer: SignedInViewer, store: Store, now: Now
) -> Response:
    answer = access.answer_for_settling(session, viewer, answer_id)
    try:
        drop_answer(session, answer, by=viewer.account_id, now=now)
    except Overtaken as error:
        session.rollback()
        return _page(request, session, viewer, store, about=answer_id, error=error)
    return see_other("/answers", "answer-dropped")


@router.post("/answers/{answer_id}/restore")
def restore(request: Request, answer_id: RowId, session: DbSession, viewer: SignedInViewer, store: Store) -> Response:
    answer = access.answer_for_settling(session, viewer, answer_id)
    try:
        restore_answer(session, answer)
    except Overtaken as error:
        session.rollback()
        return _page(request, session, viewer, store, about=answer_id, error=error)
    return see_other("/answers", "answer-restored")


def _chosen(session: Session, viewer: Viewer, key: int | None) -> Obligation:
    if key is None or not 0 < key <= _LARGEST:
        raise Invalid({"obligation": _("请选择这条答复所说的事项。")})
    try:
        return access.obligation_for_reporting(session, viewer, key)
    except NotFound as missing:
        raise Invalid({"obligation": _("请从列表中选择本单位的事项。")}) from missing


def _page(
    request: Request,
    session: Session,
    viewer: Viewer,
    store: EvidenceStore,
    *,
    about: int = 0,
    chosen: str = "",
    error: DubanError | None = None,
) -> Response:
    """`about`: the answer that `error` is about."""
    own = (session, viewer.region_id, access.department_page(viewer))
    waiting = answers_of(*own, waiting=True)
    keys = [row.obligation_id for row in waiting if row.obligation_id is not None]
    drafts = drafted(session, viewer.account_id, keys)
    conflict = error.message if isinstance(error, Overtaken) else ""
    shown = [
        Shown(row, _files(store, row), row.obligation_id is not None and row.obligation_id in drafts) for row in waiting
    ]
    return page(
        request,
        "answers/answers.html",
        status=_CONFLICT if conflict else _UNPROCESSABLE if error else 200,
        answers=shown,
        waiting=answers_waiting(*own),
        settled=answers_of(*own, waiting=False, limit=SETTLED),
        items=open_items(*own) if viewer.is_liaison and any(row.obligation_id is None for row in waiting) else (),
        about=about,
        chosen=chosen,
        faults={f"obligation-{about}": text for text in error.fields.values()} if isinstance(error, Invalid) else {},
        conflict=conflict,
        inbox=request.app.state.settings.mail_from if request.app.state.settings.inbox_url else "",
    )


def _files(store: EvidenceStore, row: AnswerRow) -> list[StoredFile]:
    found = (redeem(store, token, row.account_id) for token in row.typed.get("kept", ()))
    return [file for file in found if file is not None]
