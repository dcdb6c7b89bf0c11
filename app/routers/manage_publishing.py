"""Publishing a plan file: chosen, looked at with all that it would do, and confirmed."""

import binascii
from base64 import b64decode, b64encode
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer, manages_region
from app.changes.publish_upload import LARGEST, Tried, Upload, publish_previewed, try_upload
from app.domain.workflow import EventKind
from app.drafts.faults import DraftRejected, Fault
from app.errors import Invalid, Overtaken
from app.i18n import gettext as _
from app.models import Plan, Region
from app.rendering import page
from app.routers.dependencies import DbSession, Form, Now, SignedInViewer, Typed, see_other
from app.routers.manage_plans import WORDS

router = APIRouter(prefix="/manage/plans/publish")

SHOWN = 200  # effects of one kind that are listed; the counts are of all
LONGEST_NAME = 200
# The order in which the effects are told, the gravest first.
_KINDS = (EventKind.CANCELLED, EventKind.DUE_MOVED, EventKind.ROLE_CHANGED, EventKind.REOPENED, EventKind.OPENED)


def _choose(
    request: Request, *, sentence: str = "", faults: list[Fault] | None = None, name: str = "", status: int = 200
) -> Response:
    return page(
        request,
        "manage/plans/upload.html",
        status=status,
        faults={"file": sentence} if sentence else {},
        found=faults or [],
        file_name=name,
        megabytes=LARGEST // 1024 // 1024,
    )


@router.get("")
def choose(request: Request, viewer: SignedInViewer) -> Response:
    manages_region(viewer)
    return _choose(request)


def _chosen(typed: Typed) -> Upload:
    """Raises Invalid."""
    files = typed.files.get("file", [])
    if len(files) != 1:
        raise Invalid({"file": _("请选择一个规划文件（YAML或JSON）。")})
    return Upload(_name(files[0].filename or ""), files[0].file.read(LARGEST + 1))


def _name(given: str) -> str:
    """What the faults call it; a browser may send a whole path."""
    last = given.replace("\\", "/").rpartition("/")[2]
    return "".join(sign for sign in last if sign.isprintable())[:LONGEST_NAME]


@router.post("")
def preview(request: Request, session: DbSession, viewer: SignedInViewer, typed: Form, now: Now) -> Response:
    """Stores nothing: what was tried is rolled back, and the file travels in the page that asks to confirm it."""
    manages_region(viewer)
    try:
        upload = _chosen(typed)
    except Invalid as error:
        return _choose(request, sentence=error.message, status=422)
    return _tried(request, session, viewer, upload, now)


def _tried(
    request: Request, session: Session, viewer: Viewer, upload: Upload, now: datetime, *, conflict: str = ""
) -> Response:
    try:
        tried = try_upload(session, session.get_one(Region, viewer.region_id), upload, now=now, by=viewer.account_id)
    except DraftRejected as error:
        session.rollback()
        return _choose(request, faults=list(error.faults), name=upload.name, status=422)
    except Invalid as error:
        session.rollback()
        return _choose(request, sentence=error.message, status=422)
    session.rollback()
    return _preview(request, upload, tried, conflict)


def _preview(request: Request, upload: Upload, tried: Tried, conflict: str) -> Response:
    effects = [(kind, [one for one in tried.effects if one.kind is kind]) for kind in _KINDS]
    return page(
        request,
        "manage/plans/preview.html",
        status=409 if conflict else 200,
        file_name=upload.name,
        content=b64encode(upload.content).decode(),
        tried=tried,
        effects=[(kind, found, found[:SHOWN]) for kind, found in effects if found],
        changes=tried.changes,
        first=tried.publication.edition == 1,
        value_words=WORDS,
        conflict=conflict,
    )


@router.post("/confirm")
def confirm(request: Request, session: DbSession, viewer: SignedInViewer, typed: Form, now: Now) -> Response:
    manages_region(viewer)
    try:
        content = b64decode(typed.text("content"), validate=True)
    except (binascii.Error, ValueError):
        return _choose(request, sentence=_("提交的内容不完整，本次未发布。请重新选择文件。"), status=422)
    upload = Upload(_name(typed.text("name")), content)
    region = session.get_one(Region, viewer.region_id)
    try:
        done = publish_previewed(session, region, upload, mark=typed.text("mark"), now=now, by=viewer.account_id)
        code = session.get_one(Plan, done.plan_id).code
    except (DraftRejected, Invalid, Overtaken) as error:
        session.rollback()
        said = error.message if isinstance(error, Overtaken) else _("预览之后情况有变，本次未发布。")
        return _tried(request, session, viewer, upload, now, conflict=said)
    return see_other(f"/manage/plans/{code}/editions/{done.edition}", "plan-published")
