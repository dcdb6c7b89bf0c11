"""Groups of departments: a name that stands for its members."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer, group_for_managing, manages_region
from app.changes.group_members import add_member, remove_member
from app.errors import DubanError, Invalid, Overtaken
from app.queries.accounts import department_names
from app.queries.directory import load_directory
from app.queries.register_rows import group_rows
from app.rendering import page
from app.routers.dependencies import DbSession, Form, RowId, SignedInViewer, Today, see_other

router = APIRouter(prefix="/manage/groups")


@router.get("")
def index(request: Request, session: DbSession, viewer: SignedInViewer) -> Response:
    manages_region(viewer)
    return page(request, "manage/departments/groups.html", rows=group_rows(session, viewer.region_id))


def _one(
    request: Request,
    session: Session,
    viewer: Viewer,
    group_id: int,
    *,
    member: str = "",
    error: DubanError | None = None,
) -> Response:
    group_for_managing(session, viewer, group_id)
    row = next(row for row in group_rows(session, viewer.region_id) if row.id == group_id)
    names = [name for _key, name in department_names(session, viewer.region_id) if name not in row.members]
    overtaken = isinstance(error, Overtaken)
    return page(
        request,
        "manage/departments/group.html",
        status=200 if error is None else 409 if overtaken else 422,
        row=row,
        names=names,
        member=member,
        faults=error.fields if isinstance(error, Invalid) else {},
        conflict=error.message if overtaken and error else "",
    )


@router.get("/{group_id}")
def show(request: Request, session: DbSession, viewer: SignedInViewer, group_id: RowId) -> Response:
    return _one(request, session, viewer, group_id)


@router.post("/{group_id}/members")
def add(
    request: Request, session: DbSession, viewer: SignedInViewer, group_id: RowId, typed: Form, today: Today
) -> Response:
    group = group_for_managing(session, viewer, group_id)
    try:
        add_member(session, group, typed.text("member"), load_directory(session, viewer.region_id, today=today))
    except Invalid as error:
        session.rollback()
        return _one(request, session, viewer, group_id, member=typed.text("member"), error=error)
    return see_other(f"/manage/groups/{group_id}", "member-added")


@router.post("/{group_id}/members/remove")
def remove(request: Request, session: DbSession, viewer: SignedInViewer, group_id: RowId, typed: Form) -> Response:
    group = group_for_managing(session, viewer, group_id)
    try:
        remove_member(session, group, typed.text("member"))
    except (Invalid, Overtaken) as error:
        session.rollback()
        return _one(request, session, viewer, group_id, error=error)
    return see_other(f"/manage/groups/{group_id}", "member-removed")
