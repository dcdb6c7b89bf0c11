"""What is overdue, today or as of any past day, and the weekly lists as they were frozen."""

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from app import access
from app.domain.workflow import Role, State
from app.i18n import gettext as _
from app.models import OverdueList
from app.queries.frozen_pages import frozen_rows_after, lists_before
from app.queries.overdue import OverdueFilter
from app.queries.overdue_lists import freezer_name, frozen_list_of_day, list_as_of
from app.queries.overdue_table import Arrangement, overdue_page
from app.routers.api.asking import CODE, Id, IsoDay, Reading, Today
from app.routers.api.caller import ApiViewer
from app.routers.api.cursor import Page, Pages, day_of, next_page
from app.routers.api.problem import FieldFault, Place, ProblemCode, Refusal
from app.routers.api.route import ApiRoute
from app.routers.api.shapes import Moment, Sha256, Shape
from app.words import list_name, word

router = APIRouter(route_class=ApiRoute, tags=["overdue"])

EARLIEST = date(2000, 1, 1)


class OverdueRowShape(Shape):
    """One overdue obligation in the words of the list's day."""

    obligation_id: int
    plan_code: str
    plan_title: str
    task_number: str
    task_title: str
    phase: str
    department: str
    role: Role
    role_word: str
    state: State
    state_word: str
    due: date
    first_due: date
    days_late: int = Field(ge=1)
    extensions: int


class OverdueItemShape(OverdueRowShape):
    department_id: int


class OverdueNow(Page[OverdueItemShape]):
    as_of: date
    cutoff: Moment | None = Field(description="Only what was recorded before this moment counts; null for today.")
    frozen_list_id: int | None = Field(description="The weekly list that was frozen for this day.")


class FrozenRowShape(OverdueRowShape):
    position: int


class FrozenListShape(Shape):
    """`sha256` is over its rows and the hash of the list before it; docs/api.md says how to reckon it."""

    id: int
    year: int
    number: int = Field(description="Within the year.")
    name: str
    as_of: date = Field(description="The day it speaks of.")
    cutoff: Moment = Field(description="What was recorded later is not in it.")
    frozen_at: Moment
    frozen_by: str | None = Field(description="null when the worker froze it.")
    late: bool = Field(description="Made up after its day had passed.")
    row_count: int
    sha256: Sha256
    previous_sha256: str = Field(description="Of the list before it; empty for the first.")
    audit_seq: int | None = Field(description="Number of the newest entry of the audit trail before this list.")
    audit_sha256: str = Field(description="Hash of that entry: together they prove the trail up to there.")


@router.get("/overdue", summary="What is overdue, as of any day")
def overdue(
    request: Request,
    response: Response,
    session: Reading,
    viewer: ApiViewer,
    today: Today,
    paging: Pages,
    as_of: Annotated[IsoDay | None, Query(description="Today or a day before; left out: today.")] = None,
    plan: Annotated[str | None, Query(pattern=CODE, description="Code of a plan.")] = None,
    department: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="Id of a department.")] = None,
    min_days: Annotated[int | None, Query(ge=1, le=36600, description="At least so many days late.")] = None,
) -> OverdueNow:
    """For those who read the whole region. The longest overdue first.

    A past day is answered from the events that were recorded by its end, or by the moment at which its weekly list was
    frozen: what was known then, whatever came later.
    """
    access.region_lists(viewer)
    day = as_of or today
    if not EARLIEST <= day <= today:
        message = _("应为%(first)s至今天之间的日期。") % {"first": EARLIEST.isoformat()}
        raise Refusal(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            ProblemCode.INVALID,
            message,
            errors=[FieldFault(place=Place.QUERY, field="as_of", message=message)],
        )
    if plan is not None:
        access.plan_for_reading(session, viewer, plan)
    if department is not None:
        access.department_for_reading(session, viewer, department)
    frozen = frozen_list_of_day(session, viewer.region_id, day)
    asked = list_as_of(viewer.region_id, day, today=today, zone=viewer.time_zone, frozen=frozen)
    wanted = OverdueFilter(plan_code=plan, department_id=department, min_days=min_days)
    found = overdue_page(
        session,
        asked,
        wanted,
        Arrangement(),
        after=(day_of(paging.after[0]), paging.after[1]) if paging.after else None,
        limit=paging.limit,
    )
    last = (found.items[-1].due.toordinal(), found.items[-1].obligation_id) if found.after else None
    return OverdueNow(
        items=[
            OverdueItemShape(
                **_words(item.role, item.state),
                **{name: getattr(item, name) for name in (*_SAME, "department_id")},
            )
            for item in found.items
        ],
        next=next_page(request, response, paging, last),
        as_of=day,
        cutoff=asked.cutoff,
        frozen_list_id=frozen.id if frozen else None,
    )


@router.get("/overdue-lists", summary="The weekly lists")
def lists(
    request: Request,
    response: Response,
    session: Reading,
    viewer: ApiViewer,
    paging: Pages,
    year: Annotated[int | None, Query(ge=2000, le=2199)] = None,
) -> Page[FrozenListShape]:
    """For those who read the whole region. Newest first."""
    access.region_lists(viewer)
    before = day_of(paging.after[0]) if paging.after else None
    rows = lists_before(session, viewer.region_id, before=before, year=year, limit=paging.limit + 1)
    shown = rows[: paging.limit]
    last = (shown[-1].frozen.as_of.toordinal(), 0) if len(rows) > paging.limit else None
    return Page(items=[_list(row.frozen, row.by) for row in shown], next=next_page(request, response, paging, last))


@router.get("/overdue-lists/{list_id}", summary="One weekly list, without its rows")
def one_list(session: Reading, viewer: ApiViewer, list_id: Id) -> FrozenListShape:
    frozen = access.overdue_list_for_reading(session, viewer, list_id)
    return _list(frozen, freezer_name(session, frozen))


@router.get("/overdue-lists/{list_id}/rows", summary="The rows of a weekly list")
def rows(
    request: Request, response: Response, session: Reading, viewer: ApiViewer, list_id: Id, paging: Pages
) -> Page[FrozenRowShape]:
    """As frozen; nothing touches them afterwards."""
    access.overdue_list_for_reading(session, viewer, list_id)
    after = paging.after[0] if paging.after else None
    found = frozen_rows_after(session, list_id, after=after, limit=paging.limit + 1)
    shown = found[: paging.limit]
    last = (shown[-1].position, 0) if len(found) > paging.limit else None
    return Page(
        items=[
            FrozenRowShape(
                **_words(Role(row.role), State(row.state)),
                **{name: getattr(row, name) for name in (*_SAME, "position")},
            )
            for row in shown
        ],
        next=next_page(request, response, paging, last),
    )


_SAME = (
    *("obligation_id", "plan_code", "plan_title", "task_number", "task_title", "phase", "department"),
    *("due", "first_due", "days_late", "extensions"),
)


def _words(role: Role, state: State) -> dict[str, str]:
    return {"role": role, "role_word": word(role), "state": state, "state_word": word(state)}


def _list(frozen: OverdueList, by: str | None) -> FrozenListShape:
    return FrozenListShape(
        id=frozen.id or 0,
        year=frozen.year,
        number=frozen.number,
        name=list_name(frozen.year, frozen.number),
        as_of=frozen.as_of,
        cutoff=frozen.cutoff,
        frozen_at=frozen.frozen_at,
        frozen_by=by,
        late=frozen.late,
        row_count=frozen.row_count,
        sha256=frozen.sha256,
        previous_sha256=frozen.previous_sha256,
        audit_seq=frozen.audit_seq,
        audit_sha256=frozen.audit_sha256,
    )
