"""Evidence files, handed out as what they were taken in as and never shown inside a page."""

import logging
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response

from app import access
from app.documents.file_name import extension
from app.errors import NotFound
from app.routers.dependencies import DbSession, RowId, SignedInViewer, Store

router = APIRouter()
log = logging.getLogger(__name__)


@router.get("/evidence/{evidence_id}")
def evidence(evidence_id: RowId, session: DbSession, viewer: SignedInViewer, store: Store) -> Response:
    row = access.evidence_for_reading(session, viewer, evidence_id)
    path = store.path(row.sha256)
    if not path.is_file():
        log.error("Evidence %s is on record, but the store has no file %s.", row.id, row.sha256)
        raise NotFound
    shown = quote(row.file_name, safe="")
    plain = f"evidence-{row.id}{extension(row.file_name)}"  # for what does not understand the second form
    return FileResponse(
        path,
        media_type=row.media_type,
        headers={
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{shown}",
            "X-Content-Type-Options": "nosniff",
            "ETag": f'"{row.sha256}"',
        },
    )
