"""Frozen overdue lists: all of them, one of them, its files, and freezing today's."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer, overdue_list_for_reading, region_lists, secretariat_only
from app.changes.freeze_overdue_list import freeze_overdue_list
from app.clock import local_day
from app.documents.writing import circular_docx, overdue_xlsx, sheet_cells
from app.documents.writing.circular_docx import Circular, Since
from app.domain.delivery import Delivery
from app.domain.overdue_change import Exit
from app.domain.overdue_line import by_department
from app.domain.workflow import Role
from app.errors import DubanError, Invalid, Overtaken
from app.i18n import gettext as _
from app.i18n import officially
from app.mail.run_letters import addressed
from app.models import DigestRun, OverdueList, Region
from app.queries.coming_runs import Progress, progress
from app.queries.digest_runs import list_of_run
from app.queries.inheritance import inherited, inherited_in_words
from app.queries.overdue_lists import (
    Changes,
    changes_since_last,
    freezer_name,
    frozen_list_of_day,
    frozen_lists,
    is_intact,
)
from app.queries.overdue_series import series
from app.queries.run_delivery import delivery_counts
from app.queries.run_record import weekly_run_of_week
from app.rendering import page
from app.routers.dependencies import DbSession, Now, RowId, SignedInViewer, Today, parse_day, see_other
from app.routers.downloads import download
from app.words import list_name, list_remarks

router = APIRouter()

LISTS = 26  # half a year on a page


def _lists_page(
    request: Request, session: Session, viewer: Viewer, today: Today, error: DubanError | None = None
) -> Response:
    text = request.query_params.get("before", "")
    before = parse_day(text) if text else None
    if text and before is None:
        raise Invalid({"before": _("翻页位置不正确，请从第一页看起。")})
    found = frozen_lists(session, viewer.region_id, before=before, limit=LISTS)
    return page(
        request,
        "overdue/lists.html",
        status=200 if error is None else 409 if isinstance(error, Overtaken) else 422,
        found=found,
        series=series(session, [item.frozen for item in found.lists]),
        frozen_today=frozen_list_of_day(session, viewer.region_id, today),
        conflict=error.message if error else "",
    )


@router.get("/overdue/lists")
def lists(request: Request, session: DbSession, viewer: SignedInViewer, today: Today) -> Response:
    region_lists(viewer)
    return _lists_page(request, session, viewer, today)


@router.post("/overdue/lists")
def freeze(request: Request, session: DbSession, viewer: SignedInViewer, today: Today, now: Now) -> Response:
    secretariat_only(viewer)
    region = session.get_one(Region, viewer.region_id)
    try:
        frozen = freeze_overdue_list(session, region, as_of=today, now=now, by=viewer.account_id)
    except (Invalid, Overtaken) as error:
        session.rollback()
        return _lists_page(request, session, viewer, today, error)
    return see_other(f"/overdue/lists/{frozen.id}", "frozen")


@router.get("/overdue/lists/{list_id}.xlsx")
@officially()
def list_xlsx(list_id: RowId, session: DbSession, viewer: SignedInViewer) -> Response:
    frozen = overdue_list_for_reading(session, viewer, list_id)
    changes = changes_since_last(session, frozen)
    name = list_name(frozen.year, frozen.number)
    content = overdue_xlsx.overdue_workbook(
        changes.rows,
        title=_("%(region)s逾期清单%(name)s") % {"region": viewer.region_name, "name": name},
        as_of=frozen.as_of,
        remarks=list_remarks(frozen),
        weeks=changes.weeks if changes.before else None,
        inherited=inherited_in_words(session, [row.obligation_id for row in changes.rows], cutoff=frozen.cutoff),
    )
    return download(
        content,
        sheet_cells.MEDIA_TYPE,
        name=_("%(region)s逾期清单%(name)s.xlsx") % {"region": viewer.region_name, "name": name},
        plain=f"overdue-{frozen.year}-{frozen.number}.xlsx",
    )


@router.get("/overdue/lists/{list_id}.docx")
@officially()
def list_docx(list_id: RowId, session: DbSession, viewer: SignedInViewer) -> Response:
    frozen = overdue_list_for_reading(session, viewer, list_id)
    region = session.get_one(Region, viewer.region_id)
    changes = changes_since_last(session, frozen)
    taken_over = inherited_in_words(session, [row.obligation_id for row in changes.rows], cutoff=frozen.cutoff)
    circular = _circular(region, frozen, changes, taken_over)
    return download(
        circular_docx.circular_docx(circular),
        circular_docx.MEDIA_TYPE,
        name=_("%(region)s逾期情况通报%(name)s.docx") % {"region": viewer.region_name, "name": circular.name},
        plain=f"circular-{frozen.year}-{frozen.number}.docx",
    )


def _circular(region: Region, frozen: OverdueList, changes: Changes, taken_over: Mapping[int, str]) -> Circular:
    office = _("秘书处（%(secretariat)s）") % {"secretariat": region.secretariat} if region.secretariat else _("秘书处")
    return Circular(
        name=list_name(frozen.year, frozen.number),
        late=frozen.late,
        region=region.name,
        office=office,
        as_of=frozen.as_of,
        issued_on=local_day(frozen.frozen_at, region.time_zone),
        lines=changes.rows,
        weeks=changes.weeks,
        since=_since(changes),
        remarks=list_remarks(frozen),
        inherited=taken_over,
    )


def _since(changes: Changes) -> Since | None:
    before = changes.before
    if before is None:
        return None
    return Since(
        name=list_name(before.year, before.number),
        as_of=before.as_of,
        fresh=len(changes.fresh),
        cleared=len(changes.cleared),
        extended=len(changes.extended),
    )


# What the page of a list can be narrowed to: its own rows, and rows of the list before.
_PARTS = frozenset({"fresh", "still", "cleared", "extended"})


@router.get("/overdue/lists/{list_id}")
def one_list(request: Request, list_id: RowId, session: DbSession, viewer: SignedInViewer, show: str = "") -> Response:
    frozen = overdue_list_for_reading(session, viewer, list_id)
    if show and show not in _PARTS:
        raise Invalid({"show": _("没有这样的分类，请从清单页重新选择。")})
    changes = changes_since_last(session, frozen)
    rows = {"": changes.rows, "fresh": changes.fresh, "still": changes.still}.get(show, [])
    return page(
        request,
        "overdue/list.html",
        frozen=frozen,
        changes=changes,
        show=show,
        parts=by_department(rows, changes.weeks),
        inherited=inherited(session, [row.obligation_id for row in changes.rows], cutoff=frozen.cutoff),
        departments=len({row.department for row in changes.rows}),
        gone=[pair for pair in changes.gone if _is_shown(pair[1], show)],
        roles={role.value: role for role in Role},
        by=freezer_name(session, frozen),
        intact=is_intact(frozen, changes),
        mailed=_mailed(session, frozen) if viewer.is_secretariat else None,
    )


@dataclass(frozen=True, slots=True)
class Mailed:
    """The run that sent a list, and what became of its mails; `progress` while it is not finished."""

    run: DigestRun | None
    counts: Mapping[Delivery | None, int]
    progress: Progress | None


def _mailed(session: Session, frozen: OverdueList) -> Mailed:
    run = weekly_run_of_week(session, frozen.region_id, frozen.as_of)
    if run is None or list_of_run(session, frozen.region_id, run.run_date) != frozen:
        return Mailed(None, {}, None)
    roles = addressed(run.kind, week_over=run.secretariat_only)
    under_way = progress(session, run, roles) if run.completed_at is None else None
    return Mailed(run, delivery_counts(session, run, roles), under_way)


def _is_shown(how: Exit, show: str) -> bool:
    extended = how is Exit.EXTENDED
    return not show or (show == "extended" and extended) or (show == "cleared" and not extended)
