"""批量填报: a liaison reports on what is due, one after the other or all at once, on one page."""

from collections.abc import Sequence
from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app import access
from app.errors import Invalid
from app.i18n import gettext as _
from app.queries.department_desk import list_choices
from app.queries.department_list import department_obligations, rows_of_department
from app.rendering import is_htmx
from app.routers.batch_page import OWN_DOOR, batch_items, show_batch, show_one
from app.routers.batch_place import BATCH, Place, Pressed, next_item, read_place, read_pressed
from app.routers.batch_sending import named_items, send_items
from app.routers.dependencies import DbSession, Form, Now, SignedInViewer, Store, Today, see_other
from app.routers.list_question import key_text

router = APIRouter()

_UNPROCESSABLE = 422


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
    ids = named_items(typed)
    pressed = read_pressed(typed, ids)
    access.obligations_for_reporting(session, viewer, ids)
    place = read_place(typed.values, list_choices(*own))
    if place.question.faults:
        raise Invalid(place.question.faults)
    sent = send_items(request, session, viewer, typed, store, ids, pressed, now=now, today=today)
    if is_htmx(request) and len(ids) == 1:
        return show_one(request, session, viewer, today, sent, door=OWN_DOOR)
    place = replace(place, done=(*place.done, *sent.done))
    if sent.errors or (pressed.all and not sent.asked):
        left = list(rows_of_department(*own, sent.left).values())
        items = batch_items(request, session, viewer, left, typed=sent.forms, errors=sent.errors)
        return show_batch(request, session, viewer, today, place, items, status=sent.status, nothing=not sent.errors)
    return _go_on(place, ids, pressed)


def _go_on(place: Place, ids: Sequence[int], pressed: Pressed) -> Response:
    """To the item that comes behind the one that was sent, or back to the one whose button was pressed."""
    if pressed.all:
        return see_other(place.link("batch-sent"))
    if pressed.only:
        at = next_item(ids, place.done, pressed.only)
        return see_other(replace(place, at=at, sent=at is not None).link(None if at else "batch-sent"))
    at = pressed.copy or pressed.discard
    return see_other(replace(place, at=at, sent=False).link(None if at else "drafts-kept"))
