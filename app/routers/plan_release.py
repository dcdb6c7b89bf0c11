"""The secretariat decides what everybody may read of a plan."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer, plan_for_reading, secretariat_only
from app.changes.release_plan import release_plan, withdraw_plan
from app.errors import DubanError, Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Plan
from app.models.plan_release import PublicField
from app.queries.plan_releases import fields_of, newest_release, release_history
from app.queries.public_plan import public_plan
from app.rendering import page
from app.routers.dependencies import DbSession, Form, Now, SignedInViewer, Today, Typed, see_other

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Fault:
    """A decision that was not carried out."""

    fields: dict[str, str]
    conflict: str = ""
    status: int = 422


def _plan(session: Session, viewer: Viewer, code: str) -> Plan:
    secretariat_only(viewer)
    return plan_for_reading(session, viewer, code)


def _known(shown: list[str]) -> frozenset[PublicField]:
    """Raises Invalid."""
    if not set(shown) <= {field.value for field in PublicField}:
        raise Invalid({"shown": _("没有这项内容，请在列表中选择。")})
    return frozenset(PublicField(value) for value in shown)


def _settings(
    request: Request, session: Session, plan: Plan, typed: Typed | None = None, fault: Fault | None = None
) -> Response:
    newest = newest_release(session, plan.id or 0)
    chosen = typed.lists.get("shown", []) if typed else [field.value for field in fields_of(newest)]
    return page(
        request,
        "plans/public.html",
        status=fault.status if fault else 200,
        plan=plan,
        newest=newest,
        chosen=chosen,
        fields=list(PublicField),
        history=release_history(session, plan.id or 0),
        faults=fault.fields if fault else {},
        conflict=fault.conflict if fault else "",
    )


@router.get("/plans/{code}/public")
def settings(request: Request, session: DbSession, viewer: SignedInViewer, code: str) -> Response:
    return _settings(request, session, _plan(session, viewer, code))


@router.get("/plans/{code}/public/preview")
def preview(
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    today: Today,
    code: str,
    shown: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """The page as everybody would see it, with the form that releases it."""
    plan = _plan(session, viewer, code)
    fields = _known(shown or [])
    newest = newest_release(session, plan.id or 0)
    extract = public_plan(session, plan, fields, today)
    return page(
        request, "public/plan.html", plan=extract, day=today, region=viewer.region_name, newest=newest, preview=True
    )


@router.post("/plans/{code}/public")
def decide(request: Request, session: DbSession, viewer: SignedInViewer, typed: Form, now: Now, code: str) -> Response:
    plan = _plan(session, viewer, code)
    seen = typed.number("seen", 0)
    try:
        if typed.text("decision") == "withdraw":
            withdraw_plan(session, plan, seen=seen, by=viewer.account_id, now=now)
            return see_other(f"/plans/{plan.code}/public", "plan-withdrawn")
        shown = typed.lists.get("shown", [])
        release_plan(session, plan, shown=shown, seen=seen, by=viewer.account_id, now=now)
        return see_other(f"/plans/{plan.code}/public", "plan-released")
    except (Invalid, Overtaken) as error:
        session.rollback()
        return _settings(request, session, session.merge(plan), typed, _fault(error))


def _fault(error: DubanError) -> Fault:
    if isinstance(error, Invalid):
        return Fault(error.fields)
    return Fault({}, conflict=error.message, status=409)
