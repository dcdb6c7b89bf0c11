"""Sends a form with many reports, from the page of a department or from the page behind a link in a mail."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from fastapi import Request
from sqlmodel import Session

from app import access
from app.access import Viewer
from app.changes.drop_draft import drop_draft
from app.db import Database
from app.documents.evidence_store import EvidenceStore
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.queries.batch_items import said_before
from app.queries.department_list import rows_of_department
from app.routers.acts import act_of
from app.routers.batch_page import Errors, fresh_forms, prefix
from app.routers.batch_place import BATCH, Pressed, read_ids
from app.routers.bounded_form import MAX_FILES
from app.routers.dependencies import Typed
from app.routers.report_form import ReportForm, typed_form
from app.routers.report_sending import keep_typed, send_report

_UNPROCESSABLE, _CONFLICT = 422, 409
InSession = Callable[[Session], None]


def _nothing(_session: Session) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Around:
    """What else is done in each transaction: `before` anything is written, `behind` a report that was stored."""

    before: InSession = _nothing
    behind: InSession = _nothing


@dataclass(frozen=True, slots=True)
class Sent:
    """`forms` of the items on the page, `done` of them are stored now, `asked` were to be."""

    ids: Sequence[int]
    forms: Mapping[int, ReportForm]
    asked: Sequence[int]
    done: Sequence[int]
    errors: Errors

    @property
    def left(self) -> list[int]:
        return [key for key in self.ids if key not in self.done]

    @property
    def status(self) -> int:
        """Of an answer that tells the errors."""
        only_conflicts = bool(self.errors) and all(isinstance(error, Overtaken) for error in self.errors.values())
        return _CONFLICT if only_conflicts else _UNPROCESSABLE


def named_items(typed: Typed) -> list[int]:
    """The obligations whose forms came. Raises Invalid for what no page of ours sends."""
    named = read_ids(".".join(typed.lists.get("item", [])), BATCH)
    return [key for key in named if f"{prefix(key)}revision" in typed.values]


def send_items(
    request: Request,
    session: Session,
    viewer: Viewer,
    typed: Typed,
    store: EvidenceStore,
    ids: Sequence[int],
    pressed: Pressed,
    *,
    now: datetime,
    today: date,
    around: Around | None = None,
) -> Sent:
    """Each report is a transaction of its own: what is right is stored, whatever is wrong with the others.

    What stands on the page and is not sent becomes drafts. `ids` must be the viewer's to report on.
    """
    around = around or Around()
    rows = list(rows_of_department(session, viewer.region_id, access.reporting_page(viewer), ids).values())
    said = said_before(session, rows)
    fresh = fresh_forms(rows, said)
    last = dict(said.last)
    session.expunge_all()  # or looking at what was read would ask, and lock, again
    session.rollback()  # lets go of the write lock: each report takes it for itself
    forms = _forms(typed, store, viewer, ids)
    if pressed.copy:
        forms[pressed.copy] = forms[pressed.copy].with_last(last.get(pressed.copy))
    filled = [key for key in ids if not forms[key].says_what(fresh[key])]
    asked = [pressed.only] if pressed.only else filled if pressed.all else []
    database: Database = request.app.state.database
    errors: dict[int, Invalid | Overtaken] = {}
    for key in asked:
        with database.writing(act_of(request)) as one:
            around.before(one)
            error = send_report(one, viewer, key, forms[key], now=now, today=today)
            if error is None:
                around.behind(one)
            else:
                errors[key] = error
    given_up = [key for key in ids if key == pressed.discard or (key not in filled and forms[key].opened)]
    kept = {key: forms[key] for key in filled if key not in asked and key not in given_up}
    with database.writing(act_of(request)) as one:
        around.before(one)
        errors |= _keep(one, viewer, kept, given_up, now=now)
    return Sent(ids, forms, asked, [key for key in asked if key not in errors], errors)


def _forms(typed: Typed, store: EvidenceStore, viewer: Viewer, ids: Sequence[int]) -> dict[int, ReportForm]:
    sent = sum(len(files) for files in typed.files.values())
    if sent <= MAX_FILES:
        return {key: typed_form(typed, store, viewer.account_id, prefix(key)) for key in ids}
    # What is beyond the limit came without its content, so nothing of it is put away.
    fault = _("一次最多上传%(limit)s个文件，现有%(count)s个，请减少后重新选择。") % {"limit": MAX_FILES, "count": sent}
    without = Typed(typed.values, typed.lists)
    return {
        key: replace(
            typed_form(without, store, viewer.account_id, prefix(key)),
            file_fault=fault if f"{prefix(key)}files" in typed.files else "",
        )
        for key in ids
    }


def _keep(
    session: Session, viewer: Viewer, forms: Mapping[int, ReportForm], given_up: Sequence[int], *, now: datetime
) -> dict[int, Invalid | Overtaken]:
    """What cannot be kept, and why."""
    errors = {}
    for key in given_up:
        drop_draft(session, key, viewer.account_id)
    for key, form in forms.items():
        error = keep_typed(session, viewer, key, form, now=now)
        if error is None and form.file_fault:
            error = Invalid({"files": form.file_fault})
        if error is not None:
            errors[key] = error
    return errors
