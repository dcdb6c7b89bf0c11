"""One's own tokens of the JSON API: made, shown once, listed, revoked."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer
from app.changes.api_tokens import (
    MOST_DAYS,
    USUAL_DAYS,
    WantedToken,
    check_token,
    make_token,
    revoke_token,
)
from app.changes.same_person import Proof, proof_wanted, show_same_person
from app.changes.token_hash import token_sha256
from app.errors import Invalid, SignInNeeded, TooManyTries
from app.i18n import gettext as _
from app.models.api_token import TokenScope
from app.queries.api_tokens import tokens_of
from app.queries.second_factor import own_factor
from app.rendering import page
from app.routers.cookies import read_cookie
from app.routers.dependencies import (
    COOKIE,
    DbSession,
    Form,
    Knobs,
    Now,
    RowId,
    SignedInViewer,
    Typed,
    Wall,
    see_other,
)

router = APIRouter(prefix="/account/tokens")

_NO_DAYS = 0  # which is out of range and told so


@router.get("")
def index(request: Request, session: DbSession, viewer: SignedInViewer, now: Now) -> Response:
    return _index(request, session, viewer, now)


def _index(
    request: Request,
    session: Session,
    viewer: Viewer,
    now: Now,
    typed: Typed | None = None,
    error: Invalid | TooManyTries | None = None,
) -> Response:
    """Never with a password that was typed."""
    kept = {"name": "", "scope": TokenScope.READ.value, "days": str(USUAL_DAYS)}
    if typed is not None:
        kept |= {name: text for name, text in typed.values.items() if name in kept}
    faults = {}
    if error is not None:
        faults = error.fields if isinstance(error, Invalid) else {"password": error.message}
    account, proof = _owner(request, session, now)
    return page(
        request,
        "account/tokens.html",
        status=200 if error is None else 422 if isinstance(error, Invalid) else 429,
        account=account,
        again=proof.value,
        tokens=tokens_of(session, viewer.account_id),
        now=now,
        scopes=_scopes(viewer),
        most_days=MOST_DAYS,
        form=kept,
        faults=faults,
    )


def _owner(request: Request, session: Session, now: Now) -> tuple[object, Proof]:
    found = own_factor(session, token_sha256(read_cookie(request, COOKIE)))
    if found is None:  # ended in this moment
        raise SignInNeeded
    return found.account, proof_wanted(found.account, found.living, now)


def _scopes(viewer: Viewer) -> list[TokenScope]:
    return list(TokenScope) if viewer.is_liaison else [TokenScope.READ]


@router.post("")
def make(
    request: Request, session: DbSession, viewer: SignedInViewer, typed: Form, knobs: Knobs, now: Now, wall: Wall
) -> Response:
    """Answers with the page that shows the token: it is kept nowhere from which it could be read again.

    A token is a way in: whoever sits there shows once more to be the owner, as for the second factor.
    """
    try:
        wanted = _wanted(typed)
        check_token(viewer, wanted)
        _account, proof = _owner(request, session, now)
        said = typed.values.get("password", "")
        show_same_person(session, viewer.account_id, proof, said, settings=knobs, now=now, wall=wall)
        row, token = make_token(session, viewer, wanted, now=now)
    except (Invalid, TooManyTries) as error:
        session.rollback()
        return _index(request, session, viewer, now, typed, error)
    return page(request, "account/token_made.html", row=row, token=token)


def _wanted(typed: Typed) -> WantedToken:
    """Raises Invalid."""
    scope, days = typed.text("scope"), typed.number("days", USUAL_DAYS)
    if scope not in set(TokenScope):
        raise Invalid({"scope": _("请选择权限。")})
    return WantedToken(typed.text("name"), TokenScope(scope), _NO_DAYS if days is None else days)


@router.post("/{token_id}/revoke")
def revoke(session: DbSession, viewer: SignedInViewer, token_id: RowId, now: Now) -> Response:
    revoke_token(session, viewer, token_id, now=now)
    return see_other("/account/tokens", "token-revoked")
