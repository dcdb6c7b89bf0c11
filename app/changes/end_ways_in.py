"""After a backup was restored nobody is in: what was ended after it was made must not live again."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import Session, col

from app.models import AccountSession, ApiToken, KnownDevice, OneTimeLink, OutboxMail, ProviderVisit, ReportLink
from app.models.outbox_mail import MailState


@dataclass(frozen=True, slots=True)
class Ended:
    sessions: int
    links: int
    tokens: int


def end_ways_in(session: Session, *, now: datetime) -> Ended:
    """Sign-ins, open links, visits to a provider, tokens of programs, and browsers that the brake knows."""
    ended = session.exec(delete(AccountSession)).rowcount
    session.exec(delete(ProviderVisit))
    session.exec(delete(KnownDevice))
    links = session.exec(
        update(OneTimeLink)
        .where(col(OneTimeLink.used_at).is_(None), col(OneTimeLink.expires_at) > now)
        .values(expires_at=now)
    ).rowcount
    links += session.exec(
        update(ReportLink)
        .where(col(ReportLink.revoked_at).is_(None), col(ReportLink.expires_at) > now)
        .values(revoked_at=now)
    ).rowcount
    tokens = session.exec(update(ApiToken).where(col(ApiToken.revoked_at).is_(None)).values(revoked_at=now)).rowcount
    return Ended(ended, links, tokens)


def doubt_waiting_mails(session: Session) -> int:
    """What waited when the backup was made may have been sent since: it will be sent, and the secretariat sees it."""
    return session.exec(
        update(OutboxMail).where(col(OutboxMail.state).in_([MailState.QUEUED, MailState.SENDING])).values(in_doubt=True)
    ).rowcount
