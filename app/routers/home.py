"""The front door: everybody lands where their work is."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, RedirectResponse

from app.models.account import AccountRole
from app.routers.dependencies import SignedInViewer, see_other

router = APIRouter()

_HOMES = {
    AccountRole.LIAISON: "/obligations",
    AccountRole.HEAD: "/obligations",
    AccountRole.SECRETARIAT: "/desk",
    AccountRole.ADMIN: "/manage",
    AccountRole.SECURITY: "/manage/accounts",
    AccountRole.AUDITOR: "/audit",
    AccountRole.LEADER: "/overview",
    AccountRole.EXPERT: "/overview",
}


@router.get("/")
def home(viewer: SignedInViewer) -> RedirectResponse:
    return see_other(_HOMES.get(viewer.role, "/plans"))


@router.get("/health")
def health() -> PlainTextResponse:
    return PlainTextResponse("ok")
