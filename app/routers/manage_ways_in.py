"""How somebody else comes in: a second factor whose phone is gone, a person at the provider who has left."""

from fastapi import APIRouter
from fastapi.responses import Response

from app.access import account_for_managing
from app.changes.remove_factor import reset_factor
from app.changes.unlink_provider import unlink_provider
from app.routers.dependencies import DbSession, Knobs, Now, RowId, SignedInViewer, see_other

router = APIRouter(prefix="/manage/accounts/{account_id}")


@router.post("/second-factor/reset")
def reset(session: DbSession, viewer: SignedInViewer, account_id: RowId, knobs: Knobs, now: Now) -> Response:
    account = account_for_managing(session, viewer, account_id)
    reset_factor(session, account, by=viewer.account_id, settings=knobs, now=now)
    return see_other(f"/manage/accounts/{account_id}", "factor-reset")


@router.post("/provider/unlink")
def unlink(session: DbSession, viewer: SignedInViewer, account_id: RowId, knobs: Knobs) -> Response:
    account = account_for_managing(session, viewer, account_id)
    unlink_provider(session, account, by=viewer.account_id, settings=knobs)
    return see_other(f"/manage/accounts/{account_id}", "provider-unlinked")
