"""The overdue list of today, or of any past day by what was known then."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer, region_lists
from app.documents.writing.overdue_xlsx import overdue_workbook
from app.documents.writing.sheet_cells import MEDIA_TYPE
from app.errors import Invalid
from app.i18n import gettext as _
from app.i18n import officially
from app.models import OverdueList
from app.queries.inheritance import inherited, inherited_in_words
from app.queries.overdue import AsOf, OverdueItem
from app.queries.overdue_lists import frozen_list_of_day, list_as_of
from app.queries.overdue_table import (
    Grouping,
    department_choices,
    department_totals,
    overdue_all,
    overdue_counts,
    overdue_page,
    plan_totals,
)
from app.queries.plans import plans_of_region
from app.rendering import page
from app.routers.dependencies import DbSession, SignedInViewer, Today
from app.routers.downloads import download
from app.routers.overdue_question import Choices, Question, key_text, read_question

router = APIRouter()

# (heading, how many the group has on all pages, those of this page); without grouping there is one without heading.
Group = tuple[str, int, Sequence[OverdueItem]]


def _choices(session: Session, viewer: Viewer) -> Choices:
    return Choices(plans_of_region(session, viewer.region_id), department_choices(session, viewer.region_id))


def _asked(viewer: Viewer, question: Question, today: Today, frozen: OverdueList | None) -> AsOf:
    return list_as_of(viewer.region_id, question.day, today=today, zone=viewer.time_zone, frozen=frozen)


@router.get("/overdue")
def overdue(request: Request, session: DbSession, viewer: SignedInViewer, today: Today) -> Response:
    region_lists(viewer)
    choices = _choices(session, viewer)
    question = read_question(request.query_params, today, choices)
    if question.faults:
        return page(request, "overdue/faults.html", status=422, question=question, choices=choices)
    frozen = frozen_list_of_day(session, viewer.region_id, question.day)
    asked = _asked(viewer, question, today, frozen)
    counts = overdue_counts(session, asked, question.wanted)
    found = overdue_page(session, asked, question.wanted, question.arrangement, after=question.after)
    departments = department_totals(counts)
    plans = plan_totals(counts)
    return page(
        request,
        "overdue/overdue.html",
        question=question,
        choices=choices,
        frozen=frozen,
        asked=asked,
        groups=list(_groups(question.arrangement.grouping, found.items, departments, plans)),
        departments=departments,
        inherited=inherited(session, [item.obligation_id for item in found.items], cutoff=asked.cutoff),
        total=sum(departments.values()),
        next_page=key_text(found.after),
    )


def _groups(
    grouping: Grouping,
    items: Sequence[OverdueItem],
    departments: dict[tuple[int, str], int],
    plans: dict[str, int],
) -> Iterator[Group]:
    if grouping is Grouping.NONE:
        yield "", len(items), items
        return
    by_plan = grouping is Grouping.PLAN
    key: Callable[[OverdueItem], object] = (
        (lambda item: item.plan_code) if by_plan else (lambda item: item.department_id)
    )
    for _key, run in groupby(items, key):
        held = list(run)
        first = held[0]
        if by_plan:
            yield first.plan_title, plans[first.plan_code], held
        else:
            yield first.department, departments[first.department_id, first.department], held


@router.get("/overdue.xlsx")
def overdue_file(request: Request, session: DbSession, viewer: SignedInViewer, today: Today) -> Response:
    region_lists(viewer)
    question = read_question(request.query_params, today, _choices(session, viewer))
    if question.faults:
        raise Invalid(question.faults)
    frozen = frozen_list_of_day(session, viewer.region_id, question.day)
    asked = _asked(viewer, question, today, frozen)
    items = overdue_all(session, asked, question.wanted, question.arrangement)
    day = question.day.isoformat()
    with officially():
        title = _("%(region)s逾期清单") % {"region": viewer.region_name}
        name = _("%(region)s逾期清单（%(day)s）.xlsx") % {"region": viewer.region_name, "day": day}
        notes = inherited_in_words(session, [item.obligation_id for item in items], cutoff=asked.cutoff)
        content = overdue_workbook(items, title=title, as_of=question.day, inherited=notes)
    return download(content, MEDIA_TYPE, name=name, plain=f"overdue-{day}.xlsx")
