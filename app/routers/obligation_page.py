"""The page of one obligation, for the three doors that show it: reading, reporting, asking for an extension."""

import re
from dataclasses import dataclass, replace
from datetime import date

from fastapi import Request
from fastapi.responses import Response
from sqlmodel import Session

from app import access
from app.access import Viewer
from app.documents.file_content import EXTENSIONS
from app.errors import DubanError, Invalid, Overtaken
from app.queries.obligation_contents import obligation_contents
from app.rendering import page
from app.routers.bounded_form import MAX_FILES
from app.routers.report_form import ReportForm, fresh_form

_UNPROCESSABLE, _CONFLICT = 422, 409
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ExtensionForm:
    """As typed."""

    reason: str = ""
    proposed_due: str = ""

    @property
    def is_plain(self) -> bool:
        """Nothing, or a day as a browser's date field writes it: such a field would swallow 2025年3月31日."""
        return not self.proposed_due or _ISO_DAY.fullmatch(self.proposed_due) is not None


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
    form = report or fresh_form(contents)
    return page(
        request,
        "obligations/obligation.html",
        status=_CONFLICT if conflict else _UNPROCESSABLE if error else 200,
        contents=contents,
        row=contents.row,
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
