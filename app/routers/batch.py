"""批量填报: a liaison reports on what is due, one after the other or all at once, on one page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app import access
from app.access import Viewer
from app.changes.drop_draft import drop_draft
from app.db import Database
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.queries.batch_items import said_before
from app.queries.department_desk import list_choices
from app.queries.department_list import department_obligations, rows_of_department
from app.rendering import is_htmx, page
from app.routers.acts import act_of
from app.routers.batch_page import Errors, batch_items, fresh_forms, prefix, show_batch, show_item
from app.routers.batch_place import BATCH, Place, Pressed, read_ids, read_place, read_pressed
from app.routers.bounded_form import MAX_FILES
from app.routers.dependencies import DbSession, Form, Now, SignedInViewer, Store, Today, Typed, see_other
from app.routers.list_question import key_text
from app.routers.report_form import ReportForm, typed_form
from app.routers.report_sending import keep_typed, send_report

router = APIRouter()

_UNPROCESSABLE, _CONFLICT = 422, 409


@router.get("/obligations/batch")
def batch(request: Request, session: DbSession, viewer: SignedInViewer, today: Today) -> Response:
    own = (session, viewer.region_id, access.reporting_page(viewer))
    place = read_place(request.query_params, list_choices(*own))
    question = place.question
    if question.faults:
        return show_batch(request, session, viewer, today, place, [], status=_UNPROCESSABLE)
    found = department_obligations(
        *own,
        question.section,
        today,
        wanted=question.wanted,
        order=question.order,
        after=question.after,
        without=place.done,
        limit=BATCH,
    )
    told = _("上一件已提交，请继续填报这一件。") if place.sent else ""
    items = batch_items(request, session, viewer, found.rows, opened=place.at, told=told)
    return show_batch(request, session, viewer, today, place, items, next_page=key_text(found.after))


@router.post("/obligations/batch")
def send(
    *,
    request: Request,
    session: DbSession,
    viewer: SignedInViewer,
    typed: Form,
    store: Store,
    now: Now,
    today: Today,
) -> Response:
    """Each report is a transaction of its own: what is right is stored, whatever is wrong with the others."""
    own = (session, viewer.region_id, access.reporting_page(viewer))
    named = read_ids(".".join(typed.lists.get("item", [])), BATCH)
    ids = [key for key in named if f"{prefix(key)}revision" in typed.values]
    pressed = read_pressed(typed, ids)
    access.obligations_for_reporting(session, viewer, ids)
    place = read_place(typed.values, list_choices(*own))
    if place.question.faults:
        raise Invalid(place.question.faults)
    rows = list(rows_of_department(*own, ids).values())
    said = said_before(session, rows)
    fresh = fresh_forms(rows, said)
    session.expunge_all()  # or looking at what was read would ask, and lock, again
    session.rollback()  # lets go of the write lock: each report takes it for itself
    forms = _forms(typed, store, viewer, ids)
    if pressed.copy:
        forms[pressed.copy] = forms[pressed.copy].with_last(said.last.get(pressed.copy))
    filled = [key for key in ids if not forms[key].says_what(fresh[key])]
    to_send = [pressed.only] if pressed.only else filled if pressed.all else []
    database: Database = request.app.state.database
    errors: dict[int, Invalid | Overtaken] = {}
    for key in to_send:
        with database.writing(act_of(request)) as one:
            error = send_report(one, viewer, key, forms[key], now=now, today=today)
        if error is not None:
            errors[key] = error
    done = [key for key in to_send if key not in errors]
    given_up = [key for key in ids if key == pressed.discard or (key not in filled and forms[key].opened)]
    kept = [key for key in filled if key not in to_send and key not in given_up]
    errors |= _keep(request, viewer, {key: forms[key] for key in kept}, given_up, now=now)
    if is_htmx(request) and len(ids) == 1:
        return _one(request, own, viewer, today, forms, errors, stored=bool(done))
    place = replace(place, done=(*place.done, *done))
    if errors or (pressed.all and not to_send):
        left = rows_of_department(*own, [key for key in ids if key not in done])
        items = batch_items(request, session, viewer, list(left.values()), typed=forms, errors=errors)
        status = _status(errors)
        return show_batch(request, session, viewer, today, place, items, status=status, nothing=not errors)
    return _go_on(place, ids, pressed)


def _forms(typed: Typed, store: Store, viewer: Viewer, ids: Sequence[int]) -> dict[int, ReportForm]:
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
    request: Request, viewer: Viewer, forms: Mapping[int, ReportForm], given_up: Sequence[int], *, now: datetime
) -> dict[int, Invalid | Overtaken]:
    """What stands on the page and is not sent becomes drafts; what cannot be kept, and why."""
    errors = {}
    database: Database = request.app.state.database
    with database.writing(act_of(request)) as session:
        for key in given_up:
            drop_draft(session, key, viewer.account_id)
        for key, form in forms.items():
            error = keep_typed(session, viewer, key, form, now=now)
            if error is None and form.file_fault:
                error = Invalid({"files": form.file_fault})
            if error is not None:
                errors[key] = error
    return errors


def _status(errors: Errors) -> int:
    only_conflicts = bool(errors) and all(isinstance(error, Overtaken) for error in errors.values())
    return _CONFLICT if only_conflicts else _UNPROCESSABLE


def _one(
    request: Request,
    own: tuple[DbSession, int, int],
    viewer: Viewer,
    today: Today,
    forms: Mapping[int, ReportForm],
    errors: Errors,
    *,
    stored: bool,
) -> Response:
    """For htmx: what takes the place of the one item that was sent."""
    rows = list(rows_of_department(*own, list(forms)).values())
    if stored:
        return page(request, "obligations/_batch_done.html", row=rows[0], today=today)
    typed = forms if errors else None
    (item,) = batch_items(request, own[0], viewer, rows, typed=typed, errors=errors, opened=rows[0].id)
    return show_item(request, today, item, status=_status(errors) if errors else 200)


def _go_on(place: Place, ids: Sequence[int], pressed: Pressed) -> Response:
    """To the item that comes behind the one that was sent, or back to the one whose button was pressed."""
    if pressed.all:
        return see_other(place.link("batch-sent"))
    if pressed.only:
        left = [key for key in ids if key not in place.done]
        behind = [key for key in left if ids.index(key) > ids.index(pressed.only)]
        at = next(iter(behind or left), None)
        return see_other(replace(place, at=at, sent=at is not None).link(None if at else "batch-sent"))
    at = pressed.copy or pressed.discard
    return see_other(replace(place, at=at, sent=False).link(None if at else "drafts-kept"))
