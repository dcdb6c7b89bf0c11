"""Second channels: groups in 企业微信, 钉钉 or 飞书 that hear in a line when there is something to look at."""

from collections.abc import Mapping
from datetime import date

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer, chat_channel_for_managing, secretariat_only
from app.changes.chat_channels import TEST, NewChannel, add_channel, queue_test, set_channel_active
from app.errors import DubanError, Invalid, Overtaken, Unavailable
from app.i18n import gettext as _
from app.mail.chat_address import ChatAddress, keyword, service_word, service_words
from app.queries.accounts import department_names
from app.queries.chat_channels import channels
from app.queries.department_names import present_by_name
from app.rendering import page
from app.routers.dependencies import DbSession, Form, Knobs, Now, RowId, SignedInViewer, Today, Typed, see_other
from app.sealing import Sealer
from app.settings import Settings

router = APIRouter(prefix="/manage/channels")


def _page(
    request: Request,
    session: Session,
    viewer: Viewer,
    today: date,
    knobs: Settings,
    *,
    typed: Mapping[str, str] | None = None,
    error: DubanError | None = None,
) -> Response:
    faults = error.fields if isinstance(error, Invalid) else {}
    sealer = Sealer(knobs.var_dir)
    rows = [(row, _hint(sealer, row.service, row.sealed_url)) for row in channels(session, viewer.region_id)]
    return page(
        request,
        "manage/channels.html",
        status=422 if faults else 409 if isinstance(error, Overtaken) else 503 if error else 200,
        rows=rows,
        departments=department_names(session, viewer.region_id),
        now_called=present_by_name(session, viewer.region_id, today),
        services=service_words(knobs.chats),
        service_word=service_word,
        keyword=keyword(),
        test=TEST,
        tick=knobs.tick_seconds,
        form=typed or {},
        faults=faults,
        conflict=error.message if error and not faults else "",
    )


def _hint(sealer: Sealer, service: str, sealed: str) -> str:
    """By which its owner knows it; empty when the key that sealed it is not there."""
    try:
        return ChatAddress(service, sealer.open(sealed)).hint
    except Unavailable:
        return ""


@router.get("")
def index(request: Request, session: DbSession, viewer: SignedInViewer, today: Today, knobs: Knobs) -> Response:
    secretariat_only(viewer)
    return _page(request, session, viewer, today, knobs)


@router.post("")
def add(
    request: Request, session: DbSession, viewer: SignedInViewer, typed: Form, today: Today, now: Now, knobs: Knobs
) -> Response:
    secretariat_only(viewer)
    try:
        wanted = NewChannel(
            name=typed.text("name"),
            address=typed.text("address"),
            signing=typed.text("signing"),
            department_id=_department(session, viewer, typed),
        )
        add_channel(session, viewer.region_id, wanted, by=viewer.account_id, now=now, settings=knobs)
    except (Invalid, Unavailable) as error:
        session.rollback()
        return _page(request, session, viewer, today, knobs, typed=typed.values, error=error)
    return see_other("/manage/channels", "channel-added")


def _department(session: Session, viewer: Viewer, typed: Typed) -> int | None:
    """None for the secretariat. Raises Invalid."""
    asked = typed.text("department")
    if not asked:
        return None
    key = next((key for key, _name in department_names(session, viewer.region_id) if str(key) == asked), None)
    if key is None:
        raise Invalid({"department": _("没有这个单位，请在列表中选择。")})
    return key


@router.post("/{channel_id}/test")
def test(
    request: Request,
    channel_id: RowId,
    session: DbSession,
    viewer: SignedInViewer,
    today: Today,
    now: Now,
    knobs: Knobs,
) -> Response:
    channel = chat_channel_for_managing(session, viewer, channel_id)
    try:
        queue_test(session, channel, now=now, settings=knobs)
    except Overtaken as error:
        session.rollback()
        return _page(request, session, viewer, today, knobs, error=error)
    return see_other("/manage/channels", "channel-test")


@router.post("/{channel_id}/active")
def switch(
    request: Request,
    channel_id: RowId,
    session: DbSession,
    viewer: SignedInViewer,
    typed: Form,
    today: Today,
    knobs: Knobs,
) -> Response:
    channel = chat_channel_for_managing(session, viewer, channel_id)
    active = typed.text("active") == "yes"
    try:
        set_channel_active(session, channel, active=active)
    except Overtaken as error:
        session.rollback()
        return _page(request, session, viewer, today, knobs, error=error)
    return see_other("/manage/channels", "channel-on" if active else "channel-off")
