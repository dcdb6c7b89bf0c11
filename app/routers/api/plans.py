"""Plans: the list, one with its phases and areas, and the whole of it as it can be published again."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from app import access
from app.drafts.plan_draft import CheckpointKind, PlanDraft, PlanStatus
from app.models import Plan
from app.queries.plan_editions import newest_edition
from app.queries.plan_export import export_plan
from app.queries.plan_pages import plans_after
from app.queries.plans import areas_of_plan, phases_of_plan
from app.routers.api.asking import PlanCode, Reading
from app.routers.api.caller import ApiViewer
from app.routers.api.cursor import Page, Pages, next_page
from app.routers.api.route import ApiRoute
from app.routers.api.shapes import Moment, Sha256, Shape
from app.words import word

router = APIRouter(route_class=ApiRoute, prefix="/plans", tags=["plans"])


class PlanShape(Shape):
    code: str
    title: str
    document_number: str | None
    issuer: str | None
    issued_on: date | None
    period_from: int = Field(description="First year.")
    period_to: int = Field(description="Last year.")
    status: PlanStatus
    status_word: str


class PhaseShape(Shape):
    """A stage of the plan, or (`checkpoint`) a date on which the plan itself is judged."""

    name: str
    checkpoint: CheckpointKind | None
    due: date | None
    printed: str = Field(description="The date as the document prints it.")


class AreaShape(Shape):
    number: str
    title: str


class EditionShape(Shape):
    number: int
    sha256: Sha256 = Field(description="Over the canonical JSON of the PlanDraft that was published.")
    published_at: Moment


class WholePlan(PlanShape):
    edition: EditionShape | None = Field(description="The newest one.")
    phases: list[PhaseShape]
    areas: list[AreaShape]


@router.get("", summary="All plans of the region")
def plans(
    request: Request,
    response: Response,
    session: Reading,
    viewer: ApiViewer,
    paging: Pages,
    status: Annotated[PlanStatus | None, Query()] = None,
) -> Page[PlanShape]:
    """In the order in which they were first published."""
    access.plan_pages(viewer)
    after = paging.after[1] if paging.after else None
    rows = plans_after(session, viewer.region_id, status=status, after=after, limit=paging.limit + 1)
    shown = rows[: paging.limit]
    last = (0, shown[-1].id or 0) if len(rows) > paging.limit else None
    return Page(items=[_plan(row) for row in shown], next=next_page(request, response, paging, last))


@router.get("/{code}", summary="One plan with its phases and areas")
def plan(session: Reading, viewer: ApiViewer, code: PlanCode) -> WholePlan:
    row = access.plan_for_reading(session, viewer, code)
    plan_id = row.id or 0
    edition = newest_edition(session, plan_id)
    return WholePlan(
        **_plan(row).model_dump(),
        edition=EditionShape.model_validate(edition) if edition else None,
        phases=[PhaseShape.model_validate(phase) for phase in phases_of_plan(session, plan_id)],
        areas=[AreaShape.model_validate(area) for area in areas_of_plan(session, plan_id)],
    )


@router.get("/{code}/export", summary="The whole plan as PlanDraft")
def export(response: Response, session: Reading, viewer: ApiViewer, code: PlanCode) -> PlanDraft:
    """What `duban export` prints: publishing it again changes nothing."""
    access.plan_for_reading(session, viewer, code)
    response.headers["Content-Disposition"] = f'attachment; filename="{code}.json"'
    return export_plan(session, code)


def _plan(row: Plan) -> PlanShape:
    return PlanShape(
        code=row.code,
        title=row.title,
        document_number=row.document_number,
        issuer=row.issuer,
        issued_on=row.issued_on,
        period_from=row.period_from,
        period_to=row.period_to,
        status=row.status,
        status_word=word(row.status),
    )
