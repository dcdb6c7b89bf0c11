"""The page of one obligation, for the three doors that show it: reading, reporting, asking for an extension."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from fastapi import Request
from fastapi.responses import Response
from sqlmodel import Session

from app import access
from app.access import Viewer
from app.documents.file_content import EXTENSIONS
from app.domain.reasons_of_dates import ReminderDays, reminder_days
from app.errors import DubanError, Invalid, Overtaken
from app.models.digest_run import RunKind
from app.queries.digest_runs import run_of
from app.queries.obligation_contents import ObligationContents, obligation_contents
from app.queries.obligation_dates import DueStory, SentReminder, due_story, sent_reminders
from app.queries.obligation_timeline import task_timeline
from app.queries.reminder_rules import has_leader, rules_of_plan
from app.queries.update_drafts import draft_of
from app.queries.work_calendar import work_calendar
from app.rendering import page
from app.routers.bounded_form import MAX_FILES
from app.routers.dependencies import get_evidence_store
from app.routers.report_form import ReportForm, drafted_form, fresh_form

_UNPROCESSABLE, _CONFLICT = 422, 409


@dataclass(frozen=True, slots=True)
class ExtensionForm:
    """As typed."""

    reason: str = ""
    proposed_due: str = ""


@dataclass(frozen=True, slots=True)
class Dates:
    """Why the date is this date. `reminders` only where reports are waited for; `sent` for those whom it concerns.

    `has_leader`: whether a leader is in charge of the department, where the plan's rules tell one.
    """

    story: DueStory
    reminders: ReminderDays | None
    next_reminder: date | None
    has_leader: bool
    sent: Sequence[SentReminder]


def _dates(session: Session, viewer: Viewer, contents: ObligationContents, plan_id: int, today: date) -> Dates:
    row = contents.row
    calendar = work_calendar(session, row.region_id)
    said_today = run_of(session, row.region_id, RunKind.DAILY, today) is not None
    concerned = viewer.reads_region or viewer.department_id == row.department_id
    reminders = None
    if contents.waits_for_department and row.due:
        reminders = reminder_days(calendar, row.due, today, rules_of_plan(session, row.region_id, plan_id))
    return Dates(
        story=due_story(session, contents),
        reminders=reminders,
        next_reminder=reminders.next_from(today + timedelta(days=said_today)) if reminders else None,
        has_leader=bool(reminders and reminders.leader) and has_leader(session, row.region_id, row.department_id),
        sent=sent_reminders(session, row.id) if concerned else (),
    )


def show_obligation(
    request: Request,
    session: Session,
    viewer: Viewer,
    today: date,
    obligation_id: int,
    *,
    report: ReportForm | None = None,
    extension: ExtensionForm | None = None,
    error: DubanError | None = None,
) -> Response:
    """With an error: the page with what was typed, 422 for faults and 409 when somebody was faster.

    After a conflict the form carries the present revision, so that the second attempt counts; after a mere
    fault it keeps the one it had, because whoever typed it has not seen anything newer yet.
    """
    obligation = access.obligation_for_reading(session, viewer, obligation_id)
    contents = obligation_contents(session, obligation, today)
    own = viewer.is_liaison and viewer.department_id == contents.row.department_id
    conflict = error.message if isinstance(error, Overtaken) else ""
    draft = draft_of(session, viewer.account_id, obligation_id) if own and report is None else None
    if draft is not None:
        report = drafted_form(draft, contents.row.revision, get_evidence_store(request))
    form = report or fresh_form(contents)
    return page(
        request,
        "obligations/obligation.html",
        status=_CONFLICT if conflict else _UNPROCESSABLE if error else 200,
        contents=contents,
        row=contents.row,
        timeline=task_timeline(session, contents.row.task_id, contents.row.department_id, today),
        dates=_dates(session, viewer, contents, obligation.plan_id, today),
        reminded_at=request.app.state.settings.digest_time,
        form=replace(form, revision=contents.row.revision) if conflict else form,
        asked=extension or ExtensionForm(),
        # What was typed is shown even where it can no longer be sent: it must not be lost.
        shows_report=own and (contents.waits_for_department or report is not None),
        shows_extension=own and (contents.may_be_extended or extension is not None),
        may_report=own and contents.waits_for_department,
        may_extend=own and contents.may_be_extended,
        extension_open=extension is not None,
        faults=error.fields if isinstance(error, Invalid) else {},
        conflict=conflict,
        accepted=",".join(sorted(EXTENSIONS)),
        max_files=MAX_FILES,
        upload_max_mb=request.app.state.settings.upload_max_mb,
    )
