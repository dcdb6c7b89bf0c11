"""What a token is and whom it stands for: the first thing to ask."""

from datetime import date

from fastapi import APIRouter
from pydantic import Field
from sqlmodel import Session

from app.models import ApiToken
from app.models.account import AccountRole
from app.models.api_token import TokenScope
from app.routers.api.asking import Reading, Today
from app.routers.api.caller import ApiCaller
from app.routers.api.route import ApiRoute
from app.routers.api.shapes import DepartmentRef, Moment, Shape
from app.words import word

router = APIRouter(route_class=ApiRoute, tags=["token"])


class TokenShape(Shape):
    name: str
    hint: str = Field(description="Its first signs.")
    scope: TokenScope
    scope_word: str
    created_at: Moment
    expires_at: Moment


class OwnShape(Shape):
    """The account as it is now."""

    name: str
    role: AccountRole
    role_word: str
    region: str
    time_zone: str = Field(description="Days and due dates are of this zone.")
    today: date = Field(description="The day in the region; lights are as of this day.")
    department: DepartmentRef | None
    token: TokenShape


@router.get("/me", summary="The token and its account")
def me(session: Reading, caller: ApiCaller, today: Today) -> OwnShape:
    viewer = caller.viewer
    department = None
    if viewer.department_id is not None:
        department = DepartmentRef(id=viewer.department_id, name=viewer.department_name or "")
    return OwnShape(
        name=viewer.name,
        role=viewer.role,
        role_word=word(viewer.role),
        region=viewer.region_name,
        time_zone=viewer.time_zone,
        today=today,
        department=department,
        token=_token(session, caller.token_id),
    )


def _token(session: Session, token_id: int) -> TokenShape:
    row = session.get_one(ApiToken, token_id)
    return TokenShape(
        name=row.name,
        hint=row.hint,
        scope=row.scope,
        scope_word=word(row.scope),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
