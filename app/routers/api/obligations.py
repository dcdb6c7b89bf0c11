"""Obligations: the list within what the token's account may open, and one with its dates and events."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from app import access
from app.domain.lights import Light, shown
from app.domain.workflow import EventKind, Role, State
from app.models.extension import ExtensionState
from app.models.progress_update import UpdateKind
from app.queries.extensions import ExtensionRow, extensions_of
from app.queries.obligation_pages import ObligationsWanted, obligation_row, obligations_in_scope
from app.queries.obligations import FAR, EventRow, ObligationRow, group_name, trail
from app.routers.api.asking import CODE, Id, IsoDay, Reading, Today
from app.routers.api.caller import ApiViewer
from app.routers.api.cursor import Page, Pages, day_of, next_page
from app.routers.api.route import ApiRoute
from app.routers.api.shapes import DepartmentRef, Moment, PlanRef, Shape, TaskRef
from app.words import word

router = APIRouter(route_class=ApiRoute, prefix="/obligations", tags=["obligations"])


class LastReport(Shape):
    kind: UpdateKind
    on: date
    text: str


class ObligationShape(Shape):
    """One department's duty to report one milestone: the row of every list. `…_word` is the word on the screen."""

    id: int
    plan: PlanRef
    task: TaskRef
    milestone_id: int
    phase: str
    department: DepartmentRef
    role: Role
    role_word: str
    state: State
    state_word: str
    light: Light = Field(description="Derived from state, due date and today.")
    light_word: str
    days_left: int | None = Field(description="Until the due date; negative behind it, null without one.")
    due: date | None = Field(description="The date in force; null for standing duties 长期坚持.")
    first_due: date | None = Field(description="The date before any extension.")
    printed: str = Field(description="The date as the document prints it.")
    expected: str = Field(description="The result that the milestone demands.")
    review: str | None = Field(description="MM-DD of the yearly review of what has no due date.")
    risk: bool = Field(description="The department says that the date is in danger.")
    submitted_on: date | None = Field(description="Day of the submission that waits for review or was accepted.")
    late_days: int | None = Field(description="How late that submission was.")
    extensions: int = Field(description="How often the date was extended.")
    percent: int
    revision: int = Field(description="Number of its events; for If-Match when reporting.")
    last_report: LastReport | None


class EventShape(Shape):
    """Two clocks: `on` is the day it happened, `recorded_at` the moment it became known here."""

    seq: int
    kind: EventKind
    kind_word: str
    on: date
    recorded_at: Moment
    actor: str | None = Field(description="null where a plan's publication or the system did it.")
    reason: str
    state: State
    due: date | None
    department: str


class ExtensionShape(Shape):
    """A request for a later date."""

    id: int
    requested_on: date
    requested_by: str
    reason: str
    due_before: date
    proposed_due: date
    decision: ExtensionState
    decision_word: str
    granted_due: date | None
    decision_reason: str
    decided_at: Moment | None


class WholeObligation(ObligationShape):
    group: str | None = Field(description="The group through which the duty came, e.g. 各街道.")
    extension_requests: list[ExtensionShape] = Field(description="Oldest first.")
    events: list[EventShape] = Field(description="Oldest first.")


@router.get("", summary="Obligations")
def obligations(
    request: Request,
    response: Response,
    session: Reading,
    viewer: ApiViewer,
    today: Today,
    paging: Pages,
    plan: Annotated[str | None, Query(pattern=CODE, description="Code of a plan.")] = None,
    department: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="Id of a department.")] = None,
    state: Annotated[State | None, Query()] = None,
    light: Annotated[Light | None, Query(description="As of today.")] = None,
    due_from: Annotated[IsoDay | None, Query(description="Due on this day or later.")] = None,
    due_to: Annotated[IsoDay | None, Query(description="Due on this day or before.")] = None,
    overdue: Annotated[bool | None, Query(description="Open or returned behind the due date, or not.")] = None,
) -> Page[ObligationShape]:
    """What the account may open: the whole region, or all departments on the tasks in which its own takes part.

    By due date, what has none at the end. A plan or department that the account cannot see is a 404.
    """
    access.plan_pages(viewer)
    if department is not None:
        access.department_for_reading(session, viewer, department)
    wanted = ObligationsWanted(
        plan_id=access.plan_for_reading(session, viewer, plan).id if plan is not None else None,
        department_id=department,
        state=state,
        light=light,
        due_from=due_from,
        due_to=due_to,
        overdue=overdue,
    )
    after = (day_of(paging.after[0]), paging.after[1]) if paging.after else None
    scope = access.report_scope(viewer)
    rows = obligations_in_scope(session, scope, wanted, today, after=after, limit=paging.limit + 1)
    seen = rows[: paging.limit]
    last = ((seen[-1].due or FAR).toordinal(), seen[-1].id) if len(rows) > paging.limit else None
    items = [ObligationShape(**_columns(row, today)) for row in seen]
    return Page(items=items, next=next_page(request, response, paging, last))


@router.get("/{obligation_id}", summary="One obligation with its dates and events")
def obligation(
    request: Request, session: Reading, viewer: ApiViewer, today: Today, obligation_id: Id
) -> WholeObligation:
    """Its ETag begins with the revision and can be sent as If-Match when reporting."""
    held = access.obligation_for_reading(session, viewer, obligation_id)
    row = obligation_row(session, obligation_id)
    request.state.revision = row.revision
    return WholeObligation(
        **_columns(row, today),
        group=group_name(session, held.group_id),
        extension_requests=[_extension(asked) for asked in extensions_of(session, obligation_id)],
        events=[_event(event) for event in trail(session, obligation_id)],
    )


def _columns(row: ObligationRow, today: date) -> dict[str, object]:
    light = shown(row.state, row.due, today, risk=row.risk, late_days=row.late_days, reported=row.last_on is not None)
    last = None
    if row.last_kind is not None and row.last_on is not None:
        last = LastReport(kind=row.last_kind, on=row.last_on, text=row.last_text or "")
    return {
        "id": row.id,
        "plan": PlanRef(code=row.plan_code, title=row.plan_title),
        "task": TaskRef(number=row.task_number, title=row.task_title),
        "milestone_id": row.milestone_id,
        "phase": row.phase,
        "department": DepartmentRef(id=row.department_id, name=row.department),
        "state": row.state,
        "state_word": word(row.state),
        "light": light.light,
        "light_word": word(light.light),
        "days_left": light.days,
        "role": row.role,
        "role_word": word(row.role),
        "due": row.due,
        "first_due": row.first_due,
        "printed": row.printed,
        "expected": row.expected,
        "review": row.review,
        "risk": row.risk,
        "submitted_on": row.submitted_on,
        "late_days": row.late_days,
        "extensions": row.extensions,
        "percent": row.percent,
        "revision": row.revision,
        "last_report": last,
    }


def _event(event: EventRow) -> EventShape:
    return EventShape(
        seq=event.seq,
        kind=event.kind,
        kind_word=word(event.kind),
        on=event.on,
        recorded_at=event.recorded_at,
        actor=event.actor,
        reason=event.reason,
        state=event.state,
        due=event.due,
        department=event.department,
    )


def _extension(asked: ExtensionRow) -> ExtensionShape:
    return ExtensionShape(
        id=asked.id,
        requested_on=asked.requested_on,
        requested_by=asked.requested_by,
        reason=asked.reason,
        due_before=asked.due_before,
        proposed_due=asked.proposed_due,
        decision=asked.decision,
        decision_word=word(asked.decision),
        granted_due=asked.granted_due,
        decision_reason=asked.decision_reason,
        decided_at=asked.decided_at,
    )
