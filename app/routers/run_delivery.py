"""One run of reminders: what became of each person's mail, on a page and as a file."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.access import digest_run_for_reading
from app.documents.writing.delivery_xlsx import delivery_workbook
from app.documents.writing.sheet_cells import MEDIA_TYPE
from app.domain.delivery import Delivery
from app.i18n import gettext as _
from app.i18n import officially
from app.mail.run_letters import addressed
from app.models import DigestRun
from app.models.account import AccountRole
from app.queries.run_delivery import (
    delivery_counts,
    delivery_page,
    delivery_rows,
    unaddressed_page,
    unaddressed_rows,
)
from app.rendering import page
from app.routers.dependencies import DbSession, RowId, SignedInViewer
from app.routers.downloads import download
from app.words import word

router = APIRouter()


def _written_to(run: DigestRun) -> frozenset[AccountRole]:
    return frozenset(addressed(run.kind, week_over=run.secretariat_only))


@router.get("/digests/{run_id}.xlsx")
def as_file(run_id: RowId, session: DbSession, viewer: SignedInViewer) -> Response:
    run = digest_run_for_reading(session, viewer, run_id)
    with officially():
        title = _("%(region)s%(kind)s发送情况（%(day)s）") % {
            "region": viewer.region_name,
            "kind": word(run.kind),
            "day": run.run_date.isoformat(),
        }
        content = delivery_workbook(
            delivery_rows(session, run),
            unaddressed_rows(session, run, _written_to(run)),
            title=title,
            zone=viewer.time_zone,
        )
    plain = f"delivery-{run.kind.value}-{run.run_date.isoformat()}.xlsx"
    return download(content, MEDIA_TYPE, name=f"{title}.xlsx", plain=plain)


@router.get("/digests/{run_id}")
def one_run(
    request: Request,
    run_id: RowId,
    session: DbSession,
    viewer: SignedInViewer,
    show: Delivery | None = None,
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
) -> Response:
    run = digest_run_for_reading(session, viewer, run_id)
    roles = _written_to(run)
    silent = show is Delivery.UNADDRESSED
    found = None if silent else delivery_page(session, run, show=show, after=after)
    unaddressed, following = unaddressed_page(session, run, roles, after=after) if silent else ((), None)
    return page(
        request,
        "digests/run.html",
        run=run,
        show=show,
        counts=delivery_counts(session, run, roles),
        questions=list(Delivery),
        found=found,
        unaddressed=unaddressed,
        following=found.after if found else following,
        later=after > 0,
    )
