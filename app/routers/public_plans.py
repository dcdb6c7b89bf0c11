"""What everybody may read without an account: the released pages, and the same as open data."""

from dataclasses import asdict
from datetime import date, datetime

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlmodel import Session

from app.access import plan_for_everybody
from app.clock import local_day
from app.queries.plan_releases import ReleasedPlan
from app.queries.public_plan import PublicPlan, public_plan
from app.rendering import page
from app.routers.dependencies import DbSession, Now

router = APIRouter()

# Asked again each time, so that a page that is taken back is gone; search engines may find what was released.
_HEADERS = {"Cache-Control": "no-cache", "Vary": "Cookie, Accept-Language", "X-Robots-Tag": "all"}


def _extract(session: Session, code: str, now: datetime) -> tuple[ReleasedPlan, PublicPlan, date]:
    released = plan_for_everybody(session, code)
    today = local_day(now, released.region.time_zone)
    return released, public_plan(session, released.plan, released.shown, today), today


# Before the page: its address would be taken for the code of a plan.
@router.get("/public/{code}.json")
def data(session: DbSession, now: Now, code: str) -> Response:
    released, extract, today = _extract(session, code, now)
    return JSONResponse(
        _plain({**asdict(extract), "published_by": released.region.name, "as_of": today}), headers=_HEADERS
    )


@router.get("/public/{code}")
def show(request: Request, session: DbSession, now: Now, code: str) -> Response:
    released, extract, today = _extract(session, code, now)
    answer = page(
        request,
        "public/plan.html",
        plan=extract,
        day=today,
        region=released.region.name,
        preview=False,
    )
    answer.headers.update(_HEADERS)
    return answer


def _plain(value: object) -> object:
    """As JSON: without what was not released, days as text."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, frozenset):
        return sorted(str(inner) for inner in value)
    return value.isoformat() if isinstance(value, date) else value
