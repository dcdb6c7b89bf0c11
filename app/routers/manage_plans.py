"""Plans and their editions: what was published when, and what it said otherwise than the edition before."""

import json
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from app.access import manages_region, plan_for_managing
from app.domain.edition_changes import edition_changes
from app.drafts.plan_draft import AssignmentMode, PlanStatus, TaskKind
from app.errors import NotFound
from app.queries.manage_attention import open_notes_by_plan
from app.queries.plan_editions import edition_with_previous, editions_of
from app.queries.plans import plans_of_region
from app.rendering import page
from app.routers.dependencies import DbSession, SignedInViewer
from app.routers.downloads import download

router = APIRouter(prefix="/manage/plans")

EditionNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]
# Values of a draft that have a word of their own; all others are the plan's own texts.
WORDS = {member.value: member for kind in (AssignmentMode, PlanStatus, TaskKind) for member in kind}


@router.get("")
def index(request: Request, session: DbSession, viewer: SignedInViewer) -> Response:
    manages_region(viewer)
    plans = plans_of_region(session, viewer.region_id)
    return page(
        request,
        "manage/plans/index.html",
        plans=plans,
        editions=editions_of(session, [plan.id or 0 for plan in plans]),
        notes=open_notes_by_plan(session, viewer.region_id),
    )


@router.get("/{code}/editions/{number}.json")
def as_file(session: DbSession, viewer: SignedInViewer, code: str, number: EditionNumber) -> Response:
    """The draft as it was published: reading it in again publishes the same."""
    plan = plan_for_managing(session, viewer, code)
    edition, _previous = edition_with_previous(session, plan, number)
    if edition is None:
        raise NotFound
    content = json.dumps(edition.draft, ensure_ascii=False, indent=2).encode()
    name = f"{plan.code}-{number}.json"
    return download(content, "application/json", name=name, plain=name)


@router.get("/{code}/editions/{number}")
def edition_page(
    request: Request, session: DbSession, viewer: SignedInViewer, code: str, number: EditionNumber
) -> Response:
    plan = plan_for_managing(session, viewer, code)
    edition, previous = edition_with_previous(session, plan, number)
    if edition is None:
        raise NotFound
    rows = editions_of(session, [plan.id or 0])[plan.id or 0]
    return page(
        request,
        "manage/plans/edition.html",
        plan=plan,
        draft=edition.draft,
        row=next(row for row in rows if row.number == number),
        last=rows[0].number,
        first=previous is None,
        changes=edition_changes(previous.draft if previous else None, edition.draft),
        value_words=WORDS,
    )
