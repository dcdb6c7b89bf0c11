"""Indicators with their targets and what was observed."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from app import access
from app.drafts.plan_draft import Comparator, IndicatorAttribute
from app.errors import NotFound
from app.models import Indicator
from app.queries.plan_pages import IndicatorHolder, WholeIndicator, whole_indicators
from app.routers.api.asking import PlanCode, Reading
from app.routers.api.caller import ApiViewer
from app.routers.api.cursor import Page, Pages, next_page
from app.routers.api.route import ApiRoute
from app.routers.api.shapes import DepartmentRef, GroupRef, Moment, Shape, group_ref

router = APIRouter(route_class=ApiRoute, prefix="/plans/{code}/indicators", tags=["indicators"])


class FormulaShape(Shape):
    """numerator / denominator * factor; for `relative_drop` (base - now) / base * factor."""

    numerator: str
    denominator: str | None
    factor: int
    printed_factor: int | None = Field(description="Where the document prints another factor than the right one.")


class HolderShape(Shape):
    """Who answers for it; one of department and group is null."""

    printed: str
    department: DepartmentRef | None
    group: GroupRef | None


class TargetShape(Shape):
    year: int
    scope: str
    comparator: Comparator
    value: float | None = Field(description="In the indicator's unit; for relative_drop a percentage of base_year.")
    base_year: int | None
    printed: str


class ObservationShape(Shape):
    """The newest figure of a year and scope; `provisional` until the final one is out."""

    year: int
    scope: str
    value: float | None
    numerator: float | None
    denominator: float | None
    provisional: bool
    source: str
    recorded_at: Moment


class IndicatorShape(Shape):
    number: str
    area: str | None = Field(description="Number of its area.")
    name: str
    unit: str
    attribute: IndicatorAttribute | None
    formula: FormulaShape | None
    note: str
    holders: list[HolderShape]
    targets: list[TargetShape]
    observations: list[ObservationShape]
    line: int | None = Field(description="Line of the source document.")
    withdrawn: bool = Field(description="A later edition of the plan does not name it any more.")


@router.get("", summary="The indicators of a plan")
def indicators(
    request: Request, response: Response, session: Reading, viewer: ApiViewer, code: PlanCode, paging: Pages
) -> Page[IndicatorShape]:
    """In the order of the document, without those that a later edition withdrew."""
    plan = access.plan_for_reading(session, viewer, code)
    rows = whole_indicators(session, plan.id or 0, after=paging.after, limit=paging.limit + 1)
    shown = rows[: paging.limit]
    last = (shown[-1].indicator.position, shown[-1].indicator.id or 0) if len(rows) > paging.limit else None
    return Page(items=[_indicator(row) for row in shown], next=next_page(request, response, paging, last))


@router.get("/{number}", summary="One indicator")
def indicator(
    session: Reading,
    viewer: ApiViewer,
    code: PlanCode,
    number: Annotated[str, Path(min_length=1, max_length=20, description="As printed.")],
) -> IndicatorShape:
    plan = access.plan_for_reading(session, viewer, code)
    rows = [] if "\x00" in number else whole_indicators(session, plan.id or 0, number=number, limit=1)
    if not rows:
        raise NotFound
    return _indicator(rows[0])


def _indicator(row: WholeIndicator) -> IndicatorShape:
    own = row.indicator
    return IndicatorShape(
        number=own.number,
        area=row.area,
        name=own.name,
        unit=own.unit,
        attribute=own.attribute,
        formula=_formula(own),
        note=own.note,
        holders=[_holder(holder, row) for holder in row.holders],
        targets=[TargetShape.model_validate(target) for target in row.targets],
        observations=[ObservationShape.model_validate(seen) for seen in row.observations],
        line=own.line,
        withdrawn=own.withdrawn,
    )


def _formula(own: Indicator) -> FormulaShape | None:
    if own.numerator is None or own.factor is None:
        return None
    return FormulaShape(
        numerator=own.numerator,
        denominator=own.denominator,
        factor=own.factor,
        printed_factor=own.printed_factor,
    )


def _holder(holder: IndicatorHolder, row: WholeIndicator) -> HolderShape:
    department, group = holder.department, holder.group
    return HolderShape(
        printed=holder.printed,
        department=DepartmentRef(id=department[0], name=department[1]) if department else None,
        group=group_ref(*group, row.members) if group else None,
    )
