"""The reports on an obligation, with their evidence."""

from datetime import date
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import FileResponse
from pydantic import Field
from starlette.types import Receive, Scope, Send

from app import access
from app.documents.file_name import extension
from app.errors import NotFound
from app.models import Evidence
from app.models.progress_update import UpdateKind
from app.queries.obligation_pages import NumberedReport, reports_on
from app.routers.api.asking import Id, Reading
from app.routers.api.caller import ApiViewer
from app.routers.api.cursor import Page, Pages, next_page
from app.routers.api.route import ApiRoute
from app.routers.api.shapes import PREFIX, Moment, Sha256, Shape
from app.routers.dependencies import Store
from app.words import word

router = APIRouter(route_class=ApiRoute, tags=["updates"])


class EvidenceShape(Shape):
    id: int
    file_name: str
    media_type: str
    size: int = Field(description="Bytes.")
    sha256: Sha256
    proves: str = Field(description="What it proves.")
    uploaded_at: Moment
    content: str = Field(description="Path of the file itself.")


class UpdateShape(Shape):
    id: int
    obligation_id: int
    kind: UpdateKind = Field(description="interim 阶段进展, completion 申请办结.")
    kind_word: str
    on: date
    recorded_at: Moment
    department: str = Field(description="As it is called now.")
    author: str
    text: str
    difficulties: str
    next_step: str
    percent: int
    risk: bool = Field(description="The department says that the date is in danger.")
    revision: int = Field(description="What the obligation's revision came to by this report.")
    evidence: list[EvidenceShape]


class WholeFile(FileResponse):
    """Always the whole of it: whatever range is asked for may be ignored (RFC 9110, 14.2)."""

    media_type = "*/*"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)


@router.get("/obligations/{obligation_id}/updates", summary="The reports on an obligation")
def updates(
    request: Request, response: Response, session: Reading, viewer: ApiViewer, obligation_id: Id, paging: Pages
) -> Page[UpdateShape]:
    """Newest first."""
    access.obligation_for_reading(session, viewer, obligation_id)
    before = paging.after[1] if paging.after else None
    rows = reports_on(session, obligation_id, before=before, limit=paging.limit + 1)
    shown = rows[: paging.limit]
    last = (0, shown[-1].said.id or 0) if len(rows) > paging.limit else None
    return Page(items=[update_shape(row) for row in shown], next=next_page(request, response, paging, last))


@router.get("/obligations/{obligation_id}/updates/{update_id}", summary="One report")
def update(
    session: Reading,
    viewer: ApiViewer,
    obligation_id: Id,
    update_id: Annotated[int, Path(ge=1, le=2**63 - 1)],
) -> UpdateShape:
    access.obligation_for_reading(session, viewer, obligation_id)
    rows = reports_on(session, obligation_id, update_id=update_id, limit=1)
    if not rows:
        raise NotFound
    return update_shape(rows[0])


@router.get("/evidence/{evidence_id}", summary="An evidence file", response_class=WholeFile, tags=["evidence"])
def evidence(session: Reading, viewer: ApiViewer, store: Store, evidence_id: Id) -> Response:
    """The bytes as they were brought; the ETag is their SHA-256."""
    row = access.evidence_for_reading(session, viewer, evidence_id)
    path = store.path(row.sha256)
    if not path.is_file():
        raise NotFound
    plain = f"evidence-{row.id}{extension(row.file_name)}"  # for what does not understand the second form
    shown = quote(row.file_name, safe="")
    return WholeFile(
        path,
        media_type=row.media_type,
        headers={
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{shown}",
            "ETag": f'"{row.sha256}"',
            "Accept-Ranges": "none",
        },
    )


def update_shape(row: NumberedReport) -> UpdateShape:
    said = row.said
    return UpdateShape(
        id=said.id or 0,
        obligation_id=said.obligation_id,
        kind=said.kind,
        kind_word=word(said.kind),
        on=said.on,
        recorded_at=said.recorded_at,
        department=row.department,
        author=row.author,
        text=said.text,
        difficulties=said.difficulties,
        next_step=said.next_step,
        percent=said.percent,
        risk=said.risk,
        revision=row.revision,
        evidence=[_evidence(file) for file in row.evidence],
    )


def _evidence(file: Evidence) -> EvidenceShape:
    return EvidenceShape(
        id=file.id or 0,
        file_name=file.file_name,
        media_type=file.media_type,
        size=file.size,
        sha256=file.sha256,
        proves=file.proves,
        uploaded_at=file.uploaded_at,
        content=f"{PREFIX}/evidence/{file.id}",
    )
