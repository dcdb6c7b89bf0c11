"""The rows behind the figures of the overview: obligations and milestones of all plans of the region."""

from collections.abc import Collection
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer, region_lists
from app.models import Plan
from app.queries.awaited import holdups
from app.queries.milestone_standings import milestone_standings
from app.queries.obligation_lights import OWED
from app.queries.overdue_table import department_choices
from app.queries.overdue_trend import overdue_trend
from app.queries.overview_milestones import WantedMilestones, overview_milestones
from app.queries.overview_rows import Standing, WantedObligations, overview_rows
from app.rendering import page
from app.routers.dependencies import DbSession, SignedInViewer, Today
from app.routers.due_key import read_due_key
from app.routers.overview_question import (
    OverviewQuestion,
    milestone_shows,
    obligation_shows,
    plans_in_view,
    read_question,
)

router = APIRouter()

PlanCode = Annotated[str, Query(alias="plan")]


def _ids(
    session: Session, viewer: Viewer, question: OverviewQuestion, chosen: Plan | None, today: date
) -> Collection[int]:
    """The obligations of a standing that is found by comparing, and not on the row itself."""
    match question.standing:
        case Standing.FRESH | Standing.CLEARED:
            trend = overdue_trend(session, viewer.region_id, today, zone=viewer.time_zone, plan=chosen, weeks=2)
            return trend.fresh if question.standing is Standing.FRESH else trend.cleared
        case Standing.WAITS | Standing.AWAITED:
            found = holdups(session, milestone_standings(session, question.plan_ids, today))
            held = found.waits if question.standing is Standing.WAITS else found.awaited
            return [key for one in held for key in one.obligations]
        case _:
            return ()


@router.get("/overview/obligations")
def obligations(
    request: Request, session: DbSession, viewer: SignedInViewer, today: Today, code: PlanCode = "", after: str = ""
) -> Response:
    region_lists(viewer)
    plans, chosen = plans_in_view(session, viewer, code)
    departments = department_choices(session, viewer.region_id)
    question = read_question(request.query_params, [chosen] if chosen else plans, departments, obligation_shows())
    key = read_due_key(after)
    found = None
    if not question.faults:
        wanted = WantedObligations(
            plan_ids=question.plan_ids,
            department_id=question.department_id,
            light=question.light,
            standing=question.standing,
            ids=_ids(session, viewer, question, chosen, today),
            due=question.due,
        )
        found = overview_rows(session, viewer.region_id, wanted, today, after=key)
    return page(
        request,
        "overview/obligations.html",
        status=422 if question.faults else 200,
        plans=plans,
        departments=departments,
        lights=OWED,
        question=question,
        found=found,
        after=after,
    )


@router.get("/overview/milestones")
def milestones(
    request: Request, session: DbSession, viewer: SignedInViewer, today: Today, code: PlanCode = "", after: str = ""
) -> Response:
    region_lists(viewer)
    plans, chosen = plans_in_view(session, viewer, code)
    departments = department_choices(session, viewer.region_id)
    question = read_question(request.query_params, [chosen] if chosen else plans, departments, milestone_shows())
    key = read_due_key(after)
    found = None
    if not question.faults:
        wanted = WantedMilestones(question.department_id, question.light, question.passed, question.due)
        standings = milestone_standings(session, question.plan_ids, today)
        found = overview_milestones(session, standings, wanted, today, after=key)
    return page(
        request,
        "overview/milestones.html",
        status=422 if question.faults else 200,
        plans=plans,
        departments=departments,
        lights=OWED,
        question=question,
        found=found,
        after=after,
    )
