"""The departments of the region, what else they are called, and who came before and after them."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from app import access
from app.drafts.department_register import Certainty, DepartmentKind, SuccessionKind
from app.models import Succession
from app.queries.department_pages import WholeDepartment, whole_departments
from app.routers.api.asking import Id, Reading
from app.routers.api.caller import ApiViewer
from app.routers.api.cursor import Page, Pages, next_page
from app.routers.api.route import ApiRoute
from app.routers.api.shapes import DepartmentRef, Shape
from app.words import word

router = APIRouter(route_class=ApiRoute, prefix="/departments", tags=["departments"])


class GroupName(Shape):
    id: int
    name: str


class SuccessionShape(Shape):
    """`department` is the other one: who went before, or who took over."""

    department: DepartmentRef
    kind: SuccessionKind
    kind_word: str
    on: date
    certainty: Certainty
    document: str
    applied: bool = Field(description="The open obligations have been moved.")


class DepartmentShape(Shape):
    id: int
    name: str
    kind: DepartmentKind
    kind_word: str
    aliases: list[str] = Field(description="Other spellings of the name.")
    groups: list[GroupName]
    predecessors: list[SuccessionShape]
    successors: list[SuccessionShape]


@router.get("", summary="The departments of the region")
def departments(
    request: Request,
    response: Response,
    session: Reading,
    viewer: ApiViewer,
    paging: Pages,
    kind: Annotated[DepartmentKind | None, Query()] = None,
) -> Page[DepartmentShape]:
    """In the order of the register."""
    access.plan_pages(viewer)
    rows = whole_departments(session, viewer.region_id, kind=kind, after=paging.after, limit=paging.limit + 1)
    shown = rows[: paging.limit]
    last = (shown[-1].department.position, shown[-1].department.id or 0) if len(rows) > paging.limit else None
    return Page(items=[_department(row) for row in shown], next=next_page(request, response, paging, last))


@router.get("/{department_id}", summary="One department")
def department(session: Reading, viewer: ApiViewer, department_id: Id) -> DepartmentShape:
    access.department_for_reading(session, viewer, department_id)
    rows = whole_departments(session, viewer.region_id, department_id=department_id, limit=1)
    return _department(rows[0])


def _department(row: WholeDepartment) -> DepartmentShape:
    return DepartmentShape(
        id=row.department.id or 0,
        name=row.department.name,
        kind=row.department.kind,
        kind_word=word(row.department.kind),
        aliases=row.aliases,
        groups=[GroupName(id=key, name=name) for key, name in row.groups],
        predecessors=[_succession(*one) for one in row.predecessors],
        successors=[_succession(*one) for one in row.successors],
    )


def _succession(row: Succession, department_id: int, name: str) -> SuccessionShape:
    return SuccessionShape(
        department=DepartmentRef(id=department_id, name=name),
        kind=row.kind,
        kind_word=word(row.kind),
        on=row.on,
        certainty=row.certainty,
        document=row.document,
        applied=row.applied_at is not None,
    )
