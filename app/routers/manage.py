"""The index of administration: what there is, and what waits for somebody."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access import manage_index
from app.queries.manage_attention import attention
from app.rendering import page
from app.routers.dependencies import DbSession, SignedInViewer, Today

router = APIRouter()


@router.get("/manage")
def index(request: Request, session: DbSession, viewer: SignedInViewer, today: Today) -> Response:
    manage_index(viewer)
    return page(request, "manage/index.html", found=attention(session, viewer.region_id, today))
