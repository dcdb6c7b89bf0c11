"""总览: the region in two minutes, for those who lead it."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access import region_lists
from app.charts import Segment, series, stacked
from app.domain.lights import Light
from app.queries.awaited import holdups
from app.queries.milestone_standings import milestone_standings
from app.queries.obligation_lights import OWED
from app.queries.overdue import OverdueFilter, overdue_now
from app.queries.overdue_trend import overdue_trend
from app.queries.overview import Tally, next_deadlines, overview
from app.rendering import page
from app.routers.dependencies import DbSession, SignedInViewer, Today
from app.routers.overview_question import plans_in_view

router = APIRouter()

LONGEST = 5


def bar(tally: Tally) -> list[Segment]:
    """What is done from the left, what is late from the right, so that both can be compared from line to line."""
    told = [Light.DONE, Light.IN_REVIEW]
    pressing = [Light.DUE_SOON, Light.OVERDUE]
    rest = tally.total - sum(tally.of(light) for light in (*told, *pressing))
    return stacked(
        [
            *((light.value, tally.of(light)) for light in told),
            ("rest", rest),
            *((light.value, tally.of(light)) for light in pressing),
        ]
    )


@router.get("/overview")
def show(request: Request, session: DbSession, viewer: SignedInViewer, today: Today, plan: str = "") -> Response:
    region_lists(viewer)
    plans, chosen = plans_in_view(session, viewer, plan)
    scope = [chosen] if chosen else plans
    ids = [one.id or 0 for one in scope]
    standings = milestone_standings(session, ids, today)
    trend = overdue_trend(session, viewer.region_id, today, zone=viewer.time_zone, plan=chosen)
    chart = series([(point.day, point.count) for point in trend.points])
    return page(
        request,
        "overview/overview.html",
        plans=plans,
        chosen=chosen,
        figures=overview(session, viewer.region_id, scope, standings, today),
        trend=trend,
        chart=chart,
        weeks=list(zip(trend.points, chart.marks, strict=True)),
        holdups=holdups(session, standings),
        deadlines=next_deadlines(session, viewer.region_id, ids, today),
        longest=overdue_now(session, viewer.region_id, today, OverdueFilter(plan_code=plan or None), limit=LONGEST),
        lights=OWED,
        bar=bar,
    )
