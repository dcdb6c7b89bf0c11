"""Browsers that are sent to the identity provider, and taken back once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col

from app.changes.token_hash import token_sha256
from app.identity_provider import Visit
from app.models import ProviderVisit

LASTS = timedelta(minutes=10)
LONGEST_TARGET = 2000


@dataclass(frozen=True, slots=True)
class Returned:
    """`target`: the page of ours that was asked for."""

    visit: Visit
    target: str


def begin_visit(session: Session, visit: Visit, target: str, *, now: datetime) -> None:
    session.exec(delete(ProviderVisit).where(col(ProviderVisit.expires_at) < now))
    session.add(
        ProviderVisit(
            state_sha256=token_sha256(visit.state),
            nonce=visit.nonce,
            code_verifier=visit.code_verifier,
            target=target if len(target) <= LONGEST_TARGET else "/",
            created_at=now,
            expires_at=now + LASTS,
        )
    )


def take_back(session: Session, state: str, *, now: datetime) -> Returned | None:
    """The visit, which is over with that: of two returns at once one gets it. None for any state but a waiting one."""
    row = session.execute(
        delete(ProviderVisit)
        .where(col(ProviderVisit.state_sha256) == token_sha256(state))
        .returning(
            col(ProviderVisit.nonce),
            col(ProviderVisit.code_verifier),
            col(ProviderVisit.target),
            col(ProviderVisit.expires_at),
        )
    ).one_or_none()
    if row is None or row.expires_at <= now:
        return None
    return Returned(Visit(state, row.nonce, row.code_verifier), row.target)
