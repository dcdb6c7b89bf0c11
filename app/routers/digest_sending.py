"""Sending a run now: a small one is finished before the page is answered, a large one goes on in the worker."""

from datetime import date, datetime

from fastapi import Request

from app.access import Viewer
from app.changes.make_digest_run import make_run
from app.db import Database
from app.errors import Overtaken
from app.i18n import gettext as _
from app.mail.run_letters import addressed
from app.models import DigestRun
from app.models.digest_run import RunKind
from app.queries.coming_runs import accounts_of_run
from app.routers.acts import act_of
from app.settings import Settings

AT_ONCE = 300  # accounts


def send_run(
    request: Request, viewer: Viewer, kind: RunKind, run_date: date, *, now: datetime, knobs: Settings
) -> DigestRun:
    """Not from within a writing session. Raises what `make_run` raises."""
    database: Database = request.app.state.database
    with database.reading() as session:
        many = accounts_of_run(session, viewer.region_id, addressed(kind)) > AT_ONCE
    return make_run(
        database,
        act_of(request),
        viewer.region_id,
        kind,
        run_date,
        now=now,
        by=viewer.account_id,
        settings=knobs,
        stop=lambda: many,
    )


def same_day(shown: date | None, run_date: date) -> None:
    """A page that was left open over night must not send what nobody has looked at."""
    if shown != run_date:
        raise Overtaken(_("页面上的日期已经过去，本次未发送，请核对后再发送。"))
