"""机构沿革: renaming, merging, splitting departments, giving duties away; looked at first, confirmed, taken back."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer, manages_region, succession_for_managing
from app.changes.check_succession import WantedSuccession
from app.changes.preview_succession import (
    TriedSuccession,
    confirm_succession,
    recorded_before,
    try_succession,
)
from app.changes.undo_succession import Stands, done_of, undo_succession
from app.drafts.department_register import Certainty, DepartmentKind, SuccessionKind
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Region, Succession
from app.queries.directory import load_directory
from app.queries.succession_effects import effects_of
from app.queries.succession_objections import Objection, objections
from app.queries.succession_pages import (
    SuccessionAct,
    accounts_to_move,
    present_departments,
    succession_acts,
    tasks_to_divide,
)
from app.queries.successions import rows_of_act
from app.rendering import page
from app.routers.dependencies import (
    DbSession,
    Form,
    Now,
    RowId,
    SignedInViewer,
    Today,
    Typed,
    get_now,
    parse_day,
    see_other,
)
from app.routers.succession_form import CLOSE, SuccessionForm, kind_of, read_succession
from app.trail import tell

router = APIRouter(prefix="/manage/successions")

SHOWN = 200  # obligations that are listed; the counts are of all


@router.get("")
def index(request: Request, session: DbSession, viewer: SignedInViewer) -> Response:
    manages_region(viewer)
    acts = succession_acts(session, viewer.region_id)
    return page(request, "manage/successions/index.html", acts=acts)


@router.get("/new")
def new(request: Request, session: DbSession, viewer: SignedInViewer, kind: str = "") -> Response:
    manages_region(viewer)
    wanted = kind_of(kind)
    if wanted is None:
        return page(request, "manage/successions/kinds.html", status=422 if kind else 200, kinds=list(SuccessionKind))
    return _form(request, session, viewer, SuccessionForm(wanted))


def _form(
    request: Request, session: Session, viewer: Viewer, form: SuccessionForm, error: Invalid | None = None
) -> Response:
    return page(
        request,
        "manage/successions/form.html",
        status=422 if error else 200,
        form=form,
        names=present_departments(session, viewer.region_id, request.state.today),
        department_kinds=list(DepartmentKind),
        certainties=list(Certainty),
        faults=error.fields if error else {},
    )


def _typed(request: Request, typed: Typed) -> SuccessionForm | Response:
    form = read_succession(typed)
    if form is None:
        return page(request, "manage/successions/kinds.html", status=422, kinds=list(SuccessionKind))
    return form


@router.post("/form")
def form_again(request: Request, session: DbSession, viewer: SignedInViewer, typed: Form) -> Response:
    """Back from the preview, with everything that was typed."""
    manages_region(viewer)
    form = _typed(request, typed)
    return form if isinstance(form, Response) else _form(request, session, viewer, form)


@router.post("/preview")
def preview(request: Request, session: DbSession, viewer: SignedInViewer, typed: Form) -> Response:
    """Stores nothing."""
    manages_region(viewer)
    form = _typed(request, typed)
    return form if isinstance(form, Response) else _preview(request, session, viewer, form)


def _wanted(viewer: Viewer, form: SuccessionForm) -> WantedSuccession:
    """Raises Invalid. Who does not keep accounts cannot close any: they all go with the duties."""
    if not viewer.keeps_accounts:
        form.accounts = {}
    return form.wanted(parse_day(form.on))


def _preview(
    request: Request, session: Session, viewer: Viewer, form: SuccessionForm, *, conflict: str = ""
) -> Response:
    region = session.get_one(Region, viewer.region_id)
    tried: TriedSuccession | None = None
    faults: dict[str, str] = {}
    try:
        tried = try_succession(session, region, _wanted(viewer, form), now=get_now(request), by=viewer.account_id)
    except Invalid as error:
        if not set(error.fields) <= {"tasks", "accounts"}:
            session.rollback()
            return _form(request, session, viewer, form, error)
        # Somebody who comes from the form has not been asked yet which tasks are meant.
        faults = error.fields if form.chosen or form.tasks or form.accounts else {}
    directory = load_directory(session, viewer.region_id, today=request.state.today)
    held = [holder for name in form.predecessors if (holder := directory.resolve(name))]
    answer = page(
        request,
        "manage/successions/preview.html",
        status=409 if conflict else 422 if faults else 200,
        form=form,
        on=parse_day(form.on),
        tried=tried,
        effects=tried.effects if tried else None,
        tasks=tasks_to_divide(session, viewer.region_id, held[0].department_id or 0)
        if form.kind in {SuccessionKind.SPLIT, SuccessionKind.TRANSFER}
        else [],
        accounts=accounts_to_move(session, [one.department_id or 0 for one in held])
        if form.kind is not SuccessionKind.TRANSFER
        else [],
        close=CLOSE,
        shown=SHOWN,
        faults=faults,
        conflict=conflict,
    )
    session.rollback()
    return answer


@router.post("")
def confirm(request: Request, session: DbSession, viewer: SignedInViewer, typed: Form, now: Now) -> Response:
    manages_region(viewer)
    form = _typed(request, typed)
    if isinstance(form, Response):
        return form
    region = session.get_one(Region, viewer.region_id)
    try:
        wanted = _wanted(viewer, form)
        key = confirm_succession(session, region, wanted, mark=typed.text("mark"), now=now, by=viewer.account_id)
    except Overtaken as error:
        session.rollback()
        return _preview(request, session, viewer, form, conflict=error.message)
    except Invalid:
        session.rollback()
        done = recorded_before(session, viewer.region_id, _wanted(viewer, form), by=viewer.account_id)
        if done is not None:  # a double click
            return see_other(f"/manage/successions/{done}", "succession-recorded")
        return _preview(request, session, viewer, form)
    names = (*form.predecessors, *(heir.name for heir in form.heirs))
    tell(session, subject_table="succession", subject_id=key, subject="、".join(names), reason=wanted.document)
    return see_other(f"/manage/successions/{key}", "succession-recorded")


def _act(session: Session, succession: Succession) -> SuccessionAct:
    first = min(row.id or 0 for row in rows_of_act(session, succession))
    return next(act for act in succession_acts(session, succession.region_id) if act.id == first)


def _one(
    request: Request,
    session: Session,
    succession: Succession,
    *,
    status: int = 200,
    conflict: str = "",
    found: list[Objection] | None = None,
) -> Response:
    rows = list(rows_of_act(session, succession))
    done = done_of(session, rows)
    if found is None:
        found = [] if succession.undone_at is not None else objections(session, rows, done)
    return page(
        request,
        "manage/successions/succession.html",
        status=status,
        act=_act(session, succession),
        effects=effects_of(session, rows, done),
        objections=found,
        shown=SHOWN,
        conflict=conflict,
    )


@router.get("/{succession_id}")
def show(request: Request, session: DbSession, viewer: SignedInViewer, succession_id: RowId) -> Response:
    return _one(request, session, succession_for_managing(session, viewer, succession_id))


@router.post("/{succession_id}/undo")
def undo(
    request: Request, session: DbSession, viewer: SignedInViewer, succession_id: RowId, now: Now, today: Today
) -> Response:
    succession = succession_for_managing(session, viewer, succession_id)
    region = session.get_one(Region, viewer.region_id)
    try:
        undo_succession(session, region, succession, now=now, by=viewer.account_id, today=today)
    except (Overtaken, Stands) as error:
        session.rollback()
        again = succession_for_managing(session, viewer, succession_id)
        return _one(request, session, again, status=409, conflict=error.message)
    tell(session, subject_table="succession", subject_id=succession_id, reason=_("撤销机构沿革"))
    return see_other(f"/manage/successions/{succession_id}", "succession-undone")
