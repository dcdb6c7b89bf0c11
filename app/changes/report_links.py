"""Links in mails by which a liaison reports without signing in: made with the mail, revoked, marked when used.

A token is made of the installation's key and the mail's key whenever the mail is sent. So a mail that is sent again
carries the same link, and neither the tables nor a backup hold one: the link's row has the hash alone.
"""

import logging
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, update
from sqlmodel import Session, col, select

from app.access.report_links import has_report_link, report_visit
from app.changes.token_hash import token_sha256
from app.errors import NotFound, Unavailable
from app.models import Account, OutboxMail, ReportLink
from app.models.outbox_mail import MailState
from app.queries.mails import link_in
from app.queries.sealed_secrets import any_sealed
from app.sealing import Sealer
from app.settings import Settings

log = logging.getLogger(__name__)

_TOKEN_BYTES = 32  # nobody guesses 256 bits


def make_report_link(
    session: Session,
    sealer: Sealer,
    account_id: int,
    *,
    digest_id: int,
    mail_id: int,
    mail_key: str,
    settings: Settings,
    now: datetime,
) -> ReportLink | None:
    """For the items of the digest and for its receiver alone.

    None, and the mail will lead to the page that asks for signing in, for who may have none, or when the
    installation's key is missing: a reminder never waits for it.
    """
    account = session.get_one(Account, account_id)
    if not has_report_link(account, settings):
        return None
    try:
        if not sealer.exists() and not any_sealed(session):
            sealer.make()  # nothing on this installation needed one so far
        token = _token(sealer, mail_key)
    except Unavailable as error:
        log.warning("mail %s goes out without a report link: %s", mail_key, error.message)
        return None
    link = ReportLink(
        region_id=account.region_id or 0,
        account_id=account_id,
        digest_id=digest_id,
        mail_id=mail_id,
        token_sha256=token_sha256(token),
        created_at=now,
        expires_at=now + timedelta(days=settings.report_link_days),
    )
    session.add(link)
    return link


def token_to_send(
    session: Session, sealer: Sealer, mail: OutboxMail, *, settings: Settings, now: datetime
) -> str | None:
    """What takes the place of the mark when the mail, or a copy of it, is sent now; None without a link that works."""
    link = link_in(session, mail)
    if link is None or link.account_id != mail.account_id:
        return None
    made_with = session.get_one(OutboxMail, link.mail_id)
    try:
        token = _token(sealer, made_with.key)
        if token_sha256(token) != link.token_sha256:
            log.warning("mail %s goes out without its report link: it was made under another key", mail.key)
            return None
        report_visit(session, link.token_sha256, csrf="", now=now, settings=settings)
    except Unavailable as error:
        log.warning("mail %s goes out without its report link: %s", mail.key, error.message)
        return None
    except NotFound:  # it was revoked, has expired, or is its person's no more
        return None
    return token


def revoke_report_links(session: Session, account_id: int, *, now: datetime) -> int:
    """All that the account could use now; how many there were."""
    return _revoke(session, col(ReportLink.account_id) == account_id, now)


def revoke_link_of_mail(session: Session, mail_id: int, *, now: datetime) -> bool:
    """With those of its copies, which open the same. False when there was none to revoke any more."""
    copies = select(OutboxMail.id).where(OutboxMail.copy_of == mail_id)
    which = or_(col(ReportLink.mail_id) == mail_id, col(ReportLink.mail_id).in_(copies))
    return _revoke(session, which, now) > 0


def revoke_link_of_dropped(session: Session, mail: OutboxMail, *, now: datetime) -> None:
    """Of a mail that will never be sent, unless another that says the same and went out, or may, leads there too."""
    first = mail.copy_of or mail.id
    other = select(OutboxMail.id).where(
        or_(col(OutboxMail.id) == first, col(OutboxMail.copy_of) == first),
        OutboxMail.id != mail.id,
        or_(col(OutboxMail.state) != MailState.FAILED, col(OutboxMail.in_doubt).is_(True)),
    )
    shared = session.exec(other.limit(1)).first() is not None
    lone = {mail.id, first} - ({first} if shared else set())
    if lone:
        _revoke(session, col(ReportLink.mail_id).in_(lone), now)


def mark_opened(session: Session, link_id: int, *, now: datetime) -> None:
    """Somebody has begun to work on the form; the first time counts."""
    session.exec(
        update(ReportLink)
        .where(col(ReportLink.id) == link_id, col(ReportLink.opened_at).is_(None))
        .values(opened_at=now)
    )


def mark_reported(session: Session, link_id: int, *, now: datetime) -> None:
    """A report was stored; the first one counts."""
    session.exec(
        update(ReportLink)
        .where(col(ReportLink.id) == link_id, col(ReportLink.reported_at).is_(None))
        .values(reported_at=now)
    )


def _revoke(session: Session, which: ColumnElement[bool], now: datetime) -> int:
    return session.exec(
        update(ReportLink)
        .where(which, col(ReportLink.revoked_at).is_(None), col(ReportLink.expires_at) > now)
        .values(revoked_at=now)
    ).rowcount


def _token(sealer: Sealer, mail_key: str) -> str:
    """Raises Unavailable without the installation's key."""
    return urlsafe_b64encode(sealer.derived(f"report-link.{mail_key}", _TOKEN_BYTES)).rstrip(b"=").decode()
