"""One's own second factor: set up, moved to a new phone, removed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import segno
from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.access import Viewer
from app.changes.remove_factor import remove_factor
from app.changes.same_person import Proof, proof_wanted, show_same_person
from app.changes.second_factor import factor_missing, locked_account
from app.changes.set_up_factor import offered_factor, set_up_factor
from app.changes.sign_in import open_session
from app.changes.token_hash import token_sha256
from app.domain.second_factor import in_groups
from app.errors import DubanError, Invalid, Overtaken, SignInNeeded, TooManyTries
from app.i18n import gettext as _
from app.models import Account
from app.queries.second_factor import OwnFactor, own_factor
from app.rendering import page
from app.routers.cookies import read_cookie
from app.routers.dependencies import (
    COOKIE,
    DbSession,
    Form,
    Knobs,
    Now,
    SignedInViewer,
    Wall,
    own_path,
    see_other,
)
from app.routers.entering import arrive, browser_of, kept_form, not_yet
from app.sealing import Sealer
from app.settings import Settings

router = APIRouter(prefix="/account/second-factor")

OWN_PAGE = "/account/second-factor"


@dataclass(frozen=True, slots=True)
class _Asker:
    """Who asks, by which session."""

    session_sha256: str
    session_id: int | None
    found: OwnFactor
    proof: Proof


def _asker(request: Request, session: Session, now: datetime) -> _Asker:
    session_sha256 = token_sha256(read_cookie(request, COOKIE))
    found = own_factor(session, session_sha256)
    if found is None:  # ended in this moment
        raise SignInNeeded
    return _Asker(session_sha256, found.living.id, found, proof_wanted(found.account, found.living, now))


def _qr(text: str) -> str:
    """As part of the page: the policy lets no picture in that comes as data. Black on white in the dark, too."""
    return segno.make(text, error="m").svg_inline(
        scale=4, border=4, dark="#000", light="#fff", omitsize=True, svgclass=None, lineclass=None
    )


def _page(
    request: Request,
    session: Session,
    knobs: Settings,
    now: datetime,
    *,
    target: str = "",
    new: bool = False,
    kept: dict[str, Any] | None = None,
    error: DubanError | None = None,
) -> Response:
    asker = _asker(request, session, now)
    account = asker.found.account
    replaces = new and account.totp_secret is not None
    shown = {}
    if replaces or account.totp_secret is None:
        offer = offered_factor(session, Sealer(knobs.var_dir), account, asker.session_sha256)
        shown = {"offer": offer, "groups": in_groups(offer.secret), "qr": _qr(offer.link)}
    faults, conflict, status = _faults(error)
    answer: Response = page(
        request,
        "second_factor/own.html",
        status=status,
        account=account,
        missing=factor_missing(account.role, asker.found.living.way, knobs),
        demanded=account.role.value in knobs.factor_roles,
        replaces=replaces,
        again=asker.proof.value,
        next=target,
        kept=kept,
        faults=faults,
        conflict=conflict,
        **shown,
    )
    return not_yet(answer, error) if isinstance(error, TooManyTries) else answer


def _faults(error: DubanError | None) -> tuple[dict[str, str], str, int]:
    match error:
        case None:
            return {}, "", 200
        case Invalid():
            return error.fields, "", 422
        case TooManyTries():
            return {"password": error.message}, "", 429
        case _:
            return {}, error.message, 409


@router.get("")
def show(
    request: Request,
    session: DbSession,
    _viewer: SignedInViewer,
    knobs: Knobs,
    now: Now,
    next: str = "",  # noqa: A002 (the parameter's public name)
    new: str = "",
) -> Response:
    return _page(request, session, knobs, now, target=own_path(next) if next else "", new=bool(new))


@router.post("")
def confirm(
    request: Request, session: DbSession, viewer: SignedInViewer, typed: Form, knobs: Knobs, now: Now, wall: Wall
) -> Response:
    """The session is replaced by one that has shown both factors."""
    target, new, kept = typed.text("next"), typed.checked("new"), kept_form(typed)
    if kept and "code" not in typed.values:  # the page before has only handed on what was typed
        return _page(request, session, knobs, now, kept=kept)
    try:
        asker = _asker(request, session, now)
        if asker.found.account.totp_secret is not None and not new:
            raise Overtaken(_("第二重验证已在别处设置。"))
        _show(session, viewer, asker, typed.values.get("password", ""), knobs, now, wall)
        set_up_factor(
            session,
            viewer.account_id,
            typed.text("code"),
            session_sha256=asker.session_sha256,
            settings=knobs,
            now=now,
            wall=wall,
        )
    except (Invalid, Overtaken, TooManyTries) as error:
        session.rollback()
        return _page(request, session, knobs, now, target=target and own_path(target), new=new, kept=kept, error=error)
    browser = browser_of(request)
    entered = open_session(
        session,
        viewer.account_id,
        now=now,
        lasts=timedelta(hours=knobs.session_hours),
        way="totp",
        address=browser.address,
        agent=browser.agent,
        factor_due=False,
    )
    target = own_path(target) if target else f"{OWN_PAGE}?notice=factor-set"
    return arrive(request, entered, target=target, kept=kept, knobs=knobs)


@router.post("/remove")
def remove(
    request: Request, session: DbSession, viewer: SignedInViewer, typed: Form, knobs: Knobs, now: Now, wall: Wall
) -> Response:
    try:
        asker = _asker(request, session, now)
        _show(session, viewer, asker, typed.values.get("password", ""), knobs, now, wall)
        account: Account = locked_account(session, viewer.account_id)
        remove_factor(session, account, keep=asker.session_id, settings=knobs, now=now)
    except (Invalid, Overtaken, TooManyTries) as error:
        session.rollback()
        return _page(request, session, knobs, now, error=error)
    return see_other(OWN_PAGE, "factor-removed")


def _show(
    session: Session, viewer: Viewer, asker: _Asker, typed: str, knobs: Settings, now: datetime, wall: datetime
) -> None:
    show_same_person(session, viewer.account_id, asker.proof, typed, settings=knobs, now=now, wall=wall)
