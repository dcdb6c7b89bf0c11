"""A mail from the mailbox becomes one row, and what follows from it: an answer to be confirmed, a bounce, or nothing.

Whatever comes here was written by anybody. It is read outside of any transaction; then one short transaction writes
the row of the mail and all that follows from it. The row is unique by the mail's fingerprint, so of several workers
that read the same mailbox one does it, and a mail that is read again after a crash does nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from app.changes.take_in_answer import Answering, answering, keep_answers, written
from app.changes.take_in_report import take_in_report
from app.db import Database
from app.documents.evidence_store import EvidenceStore
from app.domain.audit import Act, AuditAction, Channel
from app.i18n import gettext as _
from app.inbox.auto_reply import is_automatic
from app.inbox.delivery_report import delivery_report
from app.inbox.mailbox import RawMail
from app.inbox.received import Received, Unreadable, beginning_of, read_mail
from app.models import InboundMail
from app.models.inbound_mail import InboundKind
from app.queries.answered_mails import is_known, sent_mail
from app.settings import Settings
from app.trail import ActMaker, note, tell

OUTCOME_LIMIT = 1000
_LONGEST = {"from_address": 254, "from_name": 200, "subject": 500, "message_id": 500, "outcome": OUTCOME_LIMIT}
_STRANGERS_TEXT = 10_000


@dataclass(frozen=True, slots=True)
class TakenIn:
    """`kind`: None for a mail that was taken in before."""

    kind: InboundKind | None
    outcome: str = ""
    from_address: str = ""
    subject: str = ""


def take_in_mail(
    database: Database, settings: Settings, store: EvidenceStore, raw: RawMail, *, now: datetime
) -> TakenIn:
    with database.reading() as session:
        if is_known(session, raw.fingerprint):
            return TakenIn(None)
    try:
        mail = read_mail(raw)
    except Unreadable as error:
        return keep_unreadable(database, raw, str(error), now=now)
    report = delivery_report(mail)
    if report is not None:
        with database.writing(_act(now)) as session:
            found = take_in_report(session, report, now=now)
            return _kept(session, raw, mail, now=now, told=found.kind is InboundKind.BOUNCE, **found.columns())
    if is_automatic(mail.headers, mail.subject):
        return _keep_automatic(database, raw, mail, now=now)
    return _take_in_answer(database, settings, store, raw, mail, now=now)


def keep_unreadable(database: Database, raw: RawMail, outcome: str, *, now: datetime) -> TakenIn:
    """Also for what nobody foresaw: the mail must not come again and again."""
    address, subject, message_id = beginning_of(raw)
    with database.writing(_act(now)) as session:
        return _insert(
            session,
            raw,
            now=now,
            kind=InboundKind.UNREADABLE,
            from_address=address,
            subject=subject,
            message_id=message_id,
            outcome=outcome,
        )


def _keep_automatic(database: Database, raw: RawMail, mail: Received, *, now: datetime) -> TakenIn:
    with database.writing(_act(now)) as session:
        sent = sent_mail(session, mail.referred)
        return _kept(
            session,
            raw,
            mail,
            now=now,
            kind=InboundKind.AUTO_REPLY,
            region_id=sent.region_id if sent else None,
            mail_id=sent.id if sent else None,
            account_id=sent.account_id if sent else None,
            outcome=_("自动回复，未作处理。"),
        )


def _take_in_answer(
    database: Database, settings: Settings, store: EvidenceStore, raw: RawMail, mail: Received, *, now: datetime
) -> TakenIn:
    with database.reading() as session:
        first = answering(session, mail, trusted=settings.inbox_trusts, now=now)
    # Files are checked and put away before the transaction: that may take seconds.
    said = written(mail, first, store) if not first.refused else None
    with database.writing(_act(now)) as session:
        found = answering(session, mail, trusted=settings.inbox_trusts, now=now)
        if said is None or found.refused or found.items != first.items:
            return _kept(session, raw, mail, now=now, **_stranger(found if found.refused else first))
        taken = _kept(
            session,
            raw,
            mail,
            now=now,
            told=True,
            kind=InboundKind.ANSWER,
            region_id=found.region_id,
            mail_id=found.sent.id if found.sent else None,
            account_id=found.account_id,
            department_id=found.department_id,
            text=said.text,
            outcome="",
        )
        if taken.kind is None:
            return taken
        outcome = keep_answers(session, taken.inbound_id, found, said, now=now)
    return TakenIn(taken.kind, outcome, taken.from_address, taken.subject)


def _stranger(found: Answering) -> dict[str, Any]:
    """The secretariat of the region reads what was written; what belongs to no region is nobody's to read."""
    own = found.own_words[:_STRANGERS_TEXT] if found.region_id is not None and found.is_reminder else ""
    return {
        "kind": InboundKind.STRANGER,
        "region_id": found.region_id,
        "mail_id": found.sent.id if found.sent else None,
        "text": own,
        "outcome": found.refused or _("读取期间账号有变动，未采用。"),
    }


@dataclass(frozen=True, slots=True)
class _Kept(TakenIn):
    inbound_id: int = 0


def _kept(
    session: Session, raw: RawMail, mail: Received, *, now: datetime, told: bool = False, **columns: Any
) -> _Kept:
    return _insert(
        session,
        raw,
        now=now,
        told=told,
        from_address=mail.from_address or "",
        from_name=mail.from_name,
        subject=mail.subject,
        message_id=mail.message_id,
        **columns,
    )


def _insert(session: Session, raw: RawMail, *, now: datetime, told: bool = False, **columns: Any) -> _Kept:
    """`told`: into the audit trail as well. Strangers' mails are not, or anybody could fill it."""
    columns = {name: str(text)[: _LONGEST[name]] if name in _LONGEST else text for name, text in columns.items()}
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    new_id: int | None = session.execute(
        insert(InboundMail)
        .values(
            **{"from_name": "", "text": "", **columns},
            fingerprint=raw.fingerprint,
            size=min(raw.size, 2**31 - 1),
            read_at=now,
        )
        .on_conflict_do_nothing()
        .returning(col(InboundMail.id))
    ).scalar_one_or_none()
    if new_id is None:
        # Another worker was faster: nothing that this transaction did may stay.
        session.rollback()
        return _Kept(None)
    if told:
        said = {name: columns[name] for name in ("kind", "from_address", "subject", "outcome") if columns.get(name)}
        note(session, "inbound_mail", new_id, said)
        subject = {"subject_table": "inbound_mail", "subject_id": new_id, "subject": columns["subject"]}
        tell(session, region_id=columns.get("region_id"), reason=columns["outcome"], **subject)
    return _Kept(columns["kind"], columns["outcome"], columns["from_address"], columns["subject"], new_id)


def _act(now: datetime) -> ActMaker:
    return lambda: Act(now, AuditAction.MAIL, Channel.WORKER)
