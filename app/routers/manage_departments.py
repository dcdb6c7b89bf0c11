"""The register of departments: names, kinds, spellings, successions."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer, department_for_managing, manages_region
from app.changes.add_department import NewDepartment, add_department
from app.changes.department_aliases import add_alias, remove_alias
from app.changes.edit_department import DepartmentEdit, edit_department
from app.drafts.department_register import DepartmentKind
from app.errors import DubanError, Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Department
from app.queries.register_rows import has_history, register_rows
from app.rendering import page
from app.routers.dependencies import DbSession, Form, RowId, SignedInViewer, Typed, see_other

router = APIRouter(prefix="/manage/departments")

LONGEST_QUESTION = 100
LONGEST_NOTE = 2000


@router.get("")
def index(request: Request, session: DbSession, viewer: SignedInViewer, q: str = "", kind: str = "") -> Response:
    manages_region(viewer)
    faults: dict[str, str] = {}
    if len(q) > LONGEST_QUESTION:
        faults["q"] = _("查找内容不能超过%(limit)s个字。") % {"limit": LONGEST_QUESTION}
    if kind and kind not in set(DepartmentKind):
        faults["kind"] = _("没有这种类别，请在列表中选择。")
    rows = register_rows(session, viewer.region_id)
    text = "" if "q" in faults else q.strip()
    found = [
        row
        for row in rows
        if (not kind or "kind" in faults or row.kind == kind)
        and (not text or any(text in spelling for spelling in (row.name, *row.aliases)))
    ]
    return page(
        request,
        "manage/departments/index.html",
        status=422 if faults else 200,
        rows=found,
        total=len(rows),
        q=q,
        kind=kind,
        kinds=list(DepartmentKind),
        faults=faults,
    )


def _kind(typed: Typed) -> DepartmentKind:
    """Raises Invalid."""
    try:
        return DepartmentKind(typed.text("kind"))
    except ValueError as error:
        raise Invalid({"kind": _("请选择单位类别。")}) from error


def _note(typed: Typed) -> str:
    """Raises Invalid."""
    note = typed.text("note")
    if len(note) > LONGEST_NOTE:
        raise Invalid({"note": _("备注不能超过%(limit)s个字。") % {"limit": LONGEST_NOTE}})
    return note


def _new(request: Request, form: dict[str, str], error: Invalid | None = None) -> Response:
    return page(
        request,
        "manage/departments/new.html",
        status=422 if error else 200,
        form=form,
        kinds=list(DepartmentKind),
        faults=error.fields if error else {},
    )


@router.get("/new")
def new(request: Request, viewer: SignedInViewer) -> Response:
    manages_region(viewer)
    return _new(request, {})


@router.post("")
def add(request: Request, session: DbSession, viewer: SignedInViewer, typed: Form) -> Response:
    manages_region(viewer)
    try:
        wanted = NewDepartment(typed.text("name"), _kind(typed), typed.text("aliases").splitlines(), _note(typed))
        key = add_department(session, viewer.region_id, wanted)
    except Invalid as error:
        session.rollback()
        return _new(request, typed.values, error)
    return see_other(f"/manage/departments/{key}", "department-added")


def _one(
    request: Request,
    session: Session,
    viewer: Viewer,
    department_id: int,
    *,
    typed: Typed | None = None,
    error: DubanError | None = None,
) -> Response:
    department = department_for_managing(session, viewer, department_id)
    rows = register_rows(session, viewer.region_id)
    row = next(row for row in rows if row.id == department_id)
    kept: dict[str, Any] = {"name": row.name, "kind": row.kind.value, "place": row.place, "note": row.note}
    overtaken = isinstance(error, Overtaken)
    return page(
        request,
        "manage/departments/department.html",
        status=200 if error is None else 409 if overtaken else 422,
        department=department,
        row=row,
        last=len(rows),
        fixed=has_history(session, department_id),
        form=kept | typed.values if typed else kept,
        kinds=list(DepartmentKind),
        faults=error.fields if isinstance(error, Invalid) else {},
        conflict=error.message if overtaken and error else "",
    )


@router.get("/{department_id}")
def show(request: Request, session: DbSession, viewer: SignedInViewer, department_id: RowId) -> Response:
    return _one(request, session, viewer, department_id)


@router.post("/{department_id}")
def edit(request: Request, session: DbSession, viewer: SignedInViewer, department_id: RowId, typed: Form) -> Response:
    department = department_for_managing(session, viewer, department_id)
    try:
        wanted = DepartmentEdit(
            name=typed.text("name") if "name" in typed.values else department.name,
            kind=_kind(typed),
            place=typed.number("place") or 0,
            note=_note(typed),
        )
        edit_department(session, department, wanted)
    except Invalid as error:
        session.rollback()
        return _one(request, session, viewer, department_id, typed=typed, error=error)
    return see_other(f"/manage/departments/{department_id}", "saved")


def _spelled(
    request: Request, session: Session, viewer: Viewer, department: Department, typed: Typed, *, removing: bool
) -> Response:
    key = department.id or 0
    try:
        if removing:
            remove_alias(session, department, typed.text("alias"))
        else:
            add_alias(session, department, typed.text("alias"))
    except (Invalid, Overtaken) as error:
        session.rollback()
        return _one(request, session, viewer, key, typed=None if removing else typed, error=error)
    return see_other(f"/manage/departments/{key}", "alias-removed" if removing else "alias-added")


@router.post("/{department_id}/aliases")
def spell(request: Request, session: DbSession, viewer: SignedInViewer, department_id: RowId, typed: Form) -> Response:
    department = department_for_managing(session, viewer, department_id)
    return _spelled(request, session, viewer, department, typed, removing=False)


@router.post("/{department_id}/aliases/remove")
def unspell(
    request: Request, session: DbSession, viewer: SignedInViewer, department_id: RowId, typed: Form
) -> Response:
    department = department_for_managing(session, viewer, department_id)
    return _spelled(request, session, viewer, department, typed, removing=True)
