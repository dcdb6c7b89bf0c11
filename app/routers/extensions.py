"""The secretariat decides on requests for a later date."""

from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import extension_for_decision, secretariat_only
from app.changes.extend_due import check_undecided, decide_extension
from app.errors import DubanError, Invalid, NotFound, Overtaken
from app.i18n import gettext as _
from app.queries.extensions import extension_row, open_request_count, open_requests
from app.rendering import page
from app.routers.dependencies import DbSession, Form, Now, RowId, SignedInViewer, Today, Typed, see_other

router = APIRouter()

GRANT, REFUSE = "grant", "refuse"
_ID_DIGITS = 18  # what the databases can compare with an id


@dataclass(frozen=True, slots=True)
class DecisionForm:
    """As typed; `granted_due` None stands for the proposed date."""

    granted_due: str | None = None
    reason: str = ""


@router.get("/extensions")
def requests(request: Request, session: DbSession, viewer: SignedInViewer, after: str = "") -> Response:
    secretariat_only(viewer)
    misplaced = Invalid({"after": _("翻页位置不正确，请从第一页看起。")})
    if after and not (after.isdecimal() and len(after) <= _ID_DIGITS):
        raise misplaced
    try:
        found = open_requests(session, viewer.region_id, after=int(after) if after else None)
    except NotFound as error:
        raise misplaced from error
    return page(
        request,
        "extensions/extensions.html",
        found=found,
        length=open_request_count(session, viewer.region_id),
        later=bool(after),
        form=DecisionForm(),
        faults={},
    )


def _one(
    request: Request,
    session: Session,
    extension_id: int,
    form: DecisionForm | None = None,
    error: DubanError | None = None,
) -> Response:
    return page(
        request,
        "extensions/extension.html",
        status=200 if error is None else 409 if isinstance(error, Overtaken) else 422,
        row=extension_row(session, extension_id),
        form=form or DecisionForm(),
        # Several forms of this kind stand on one page: a field's name there ends with its request's number.
        faults={f"{name}-{extension_id}": text for name, text in error.fields.items()}
        if isinstance(error, Invalid)
        else {},
        conflict=error.message if isinstance(error, Overtaken) else "",
    )


@router.get("/extensions/{extension_id}")
def one(request: Request, extension_id: RowId, session: DbSession, viewer: SignedInViewer) -> Response:
    extension_for_decision(session, viewer, extension_id)
    return _one(request, session, extension_id)


def _decided(typed: Typed) -> tuple[bool, date | None]:
    """Whether to grant, and until when (None: as proposed). Raises Invalid for what says neither."""
    chosen = typed.text("decision")
    if chosen not in {GRANT, REFUSE}:
        raise Invalid({"reason": _("请选择“同意延期”或“不同意”。")})
    day = typed.day("granted_due") if chosen == GRANT else None
    if chosen == GRANT and typed.text("granted_due") and day is None:  # which must not grant the proposed one
        raise Invalid({"granted_due": _("请填写日期，格式如2025年3月31日或2025-03-31。")})
    return chosen == GRANT, day


@router.post("/extensions/{extension_id}")
def decide(
    *,
    request: Request,
    extension_id: RowId,
    session: DbSession,
    viewer: SignedInViewer,
    typed: Form,
    now: Now,
    today: Today,
) -> Response:
    extension = extension_for_decision(session, viewer, extension_id)
    try:
        try:
            grant, granted_due = _decided(typed)
        except Invalid:
            check_undecided(session, extension)  # nobody is sent to mend a form that cannot be sent any more
            raise
        decide_extension(
            session,
            extension,
            grant=grant,
            reason=typed.text("reason"),
            granted_due=granted_due,
            by=viewer.account_id,
            now=now,
            today=today,
        )
    except (Invalid, Overtaken) as error:
        session.rollback()
        form = DecisionForm(typed.text("granted_due"), typed.text("reason"))
        return _one(request, session, extension_id, form, error)
    return see_other("/extensions", "extension-granted" if grant else "extension-refused")
