"""日历: what is due in a month, day by day, and the list of one day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access import Viewer, plan_pages
from app.domain.lights import Light
from app.domain.months import FIRST_YEAR, LAST_YEAR, Month, read_month
from app.domain.typed_day import parse_day
from app.errors import Invalid
from app.i18n import gettext as _
from app.models import Plan
from app.queries.calendar_days import calendar_month, neighbours, phase_ends, yearly_reviews
from app.queries.plans import plans_of_region
from app.queries.region_rows import RegionRows, RowsWanted, rows_by_task, tasks_taken_part_in
from app.queries.work_calendar import work_calendar
from app.rendering import page
from app.routers.dependencies import DbSession, SignedInViewer, Today
from app.routers.month_sheet import month_fault
from app.routers.rows_question import key_text, read_key, read_light, read_plan

router = APIRouter()

_MINE = "1"
_ALL = "0"
DAY_PAGE = 100


@dataclass(frozen=True, slots=True)
class _Asked:
    """`typed` holds the fields as they came. `mine`: the viewer's own department alone."""

    typed: Mapping[str, str]
    plan_id: int | None
    mine: bool
    department_id: int | None
    faults: dict[str, str]

    @property
    def query(self) -> str:
        """Plan and scope, to be kept from page to page; begins with & when there is something."""
        kept = {name: self.typed[name] for name in ("plan", "mine") if self.typed[name]}
        return f"&{urlencode(kept)}" if kept else ""


def _read(viewer: Viewer, plan: str, mine: str, plans: Sequence[Plan]) -> _Asked:
    """Who belongs to a department sees its dates first; for the others there is nothing of their own."""
    faults: dict[str, str] = {}
    if mine not in {"", _MINE, _ALL}:
        faults["mine"] = _("范围只能是本单位或全部单位，请在列表中选择。")
    plan_id = read_plan(plan.strip(), plans, faults)
    own = viewer.department_id is not None and mine != _ALL
    typed = {"plan": plan.strip()[:100], "mine": mine[:10]}
    return _Asked(typed, plan_id, own, viewer.department_id if own else None, faults)


@router.get("/calendar")
def calendar(
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    today: Today,
    month: str = "",
    plan: str = "",
    mine: str = "",
) -> Response:
    plan_pages(viewer)
    plans = plans_of_region(session, viewer.region_id)
    asked = _read(viewer, plan, mine, plans)
    chosen = read_month(month) if month else Month.of(today)
    if chosen is None:
        asked.faults["month"] = month_fault(month)
        chosen = Month.of(today)
    wanted = RowsWanted(department_id=asked.department_id, plan_id=asked.plan_id)
    region_id = viewer.region_id
    drawn = calendar_month(session, region_id, chosen, wanted, today, worked=work_calendar(session, region_id))
    last_due, next_due = None, None
    if drawn.is_empty:
        last_due, next_due = neighbours(session, region_id, chosen, wanted, today)
    return page(
        request,
        "calendar/calendar.html",
        status=422 if asked.faults else 200,
        asked=asked,
        typed_month=month.strip()[:40] or chosen.text,
        plans=plans,
        drawn=drawn,
        month=chosen,
        reviews=yearly_reviews(session, region_id, chosen, wanted, today),
        last_month=Month.of(last_due) if last_due else None,
        next_month=Month.of(next_due) if next_due else None,
    )


def _day(text: str) -> date:
    """Raises Invalid."""
    day = parse_day(text)
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Invalid({"day": _("“%(text)s”不是可查的日期，请从日历进入。") % {"text": text[:40]}})
    return day


@router.get("/calendar/{day}")
def one_day(
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    today: Today,
    day: str,
    plan: str = "",
    mine: str = "",
    light: str = "",
    after: str = "",
) -> Response:
    plan_pages(viewer)
    chosen = _day(day)
    plans = plans_of_region(session, viewer.region_id)
    asked = _read(viewer, plan, mine, plans)
    wanted = RowsWanted(
        department_id=asked.department_id,
        plan_id=asked.plan_id,
        light=read_light(light, asked.faults),
        due_from=chosen,
        due_to=chosen,
    )
    key = read_key(after, dated=False, numbers=3)
    found = RegionRows([], 0, None)
    if not asked.faults:
        found = rows_by_task(session, viewer.region_id, wanted, today, after=key, limit=DAY_PAGE)
    worked = work_calendar(session, viewer.region_id)
    return page(
        request,
        "calendar/day.html",
        status=422 if asked.faults else 200,
        asked=asked,
        light_asked=light[:100],
        lights=tuple(Light),
        plans=plans,
        day=chosen,
        month=Month.of(chosen),
        reason=worked.reason(chosen),
        working=worked.is_working(chosen),
        provisional=worked.is_provisional(chosen),
        phases=phase_ends(session, viewer.region_id, chosen, chosen, plan_id=asked.plan_id).get(chosen, ()),
        found=found,
        continued=key is not None,
        next_page=key_text(found.after),
        own_tasks=tasks_taken_part_in(session, viewer.region_id, viewer.department_id),
    )
