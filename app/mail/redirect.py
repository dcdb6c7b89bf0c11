"""Mails that wait for somebody who has handed over: they go to the successor, or not at all."""

from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

from sqlalchemy import insert, update
from sqlmodel import Session, col, select

from app.i18n import gettext as _
from app.i18n import officially
from app.mail.keys import handed_on_key
from app.mail.outbox import covered_for_good
from app.models import Account, OutboxMail
from app.models.digest_run import RunKind
from app.models.outbox_mail import MailFault, MailState
from app.trail import note

# What is said to a department through its people. Everything else is about the account itself: links to choose a
# password, notices of its sign-ins; nobody else may read those.
_HANDED_ON = frozenset(kind.value for kind in RunKind)


@dataclass(frozen=True, slots=True)
class Redirected:
    """`dropped`: the successor has the same already, has no address, or it was about the account itself."""

    sent_on: int = 0
    dropped: int = 0


@officially()
def redirect_waiting(session: Session, old: Account, new: Account, *, now: datetime) -> Redirected:
    """Whether the successor may still be written to is asked when it is sent, as of every mail.

    The rows are held until the commit, so that a sender takes each before or after, and with one address.
    """
    waiting = session.exec(
        select(OutboxMail)
        .where(OutboxMail.account_id == old.id, col(OutboxMail.state).in_([MailState.QUEUED, MailState.SENDING]))
        .order_by(col(OutboxMail.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    keys = {mail.id: _new_key(mail, old, new) for mail in waiting}
    taken = set(
        session.exec(select(OutboxMail.key).where(col(OutboxMail.key).in_([key for key in keys.values() if key])))
    )
    sent_on = dropped = 0
    for mail in waiting:
        key = keys[mail.id]
        goes_on = key is not None and key not in taken and bool(new.email)
        if goes_on and mail.state is MailState.QUEUED:
            _change(session, mail, _readdressed(mail, new, key or ""))
            sent_on += 1
        elif goes_on:
            # In the sender's hands at this moment: the old address may get it, the new one gets it for certain.
            copied = {**mail.model_dump(exclude={"id"}), **_readdressed(mail, new, key or "")}
            fresh = {"state": MailState.QUEUED, "attempts": 0, "lease_until": None, "error": "", "in_doubt": False}
            fresh |= {"answer": "", "fault": None, "bounced_at": None, "bounce": ""}
            _insert(session, {**copied, **fresh, "next_try_at": now, "created_at": now})
            sent_on += 1
        elif mail.state is MailState.QUEUED:
            over = {"state": MailState.FAILED, "error": _("账号已办理工作交接，未发送。"), "fault": MailFault.UNWANTED}
            _change(session, mail, over | covered_for_good(mail))
            dropped += 1
    session.flush()
    return Redirected(sent_on, dropped)


def _new_key(mail: OutboxMail, old: Account, new: Account) -> str | None:
    return handed_on_key(mail.key, old.id or 0, new.id or 0) if mail.kind in _HANDED_ON else None


def _readdressed(mail: OutboxMail, new: Account, key: str) -> dict[str, Any]:
    """The same letter under the successor's name; it begins with who it is to.

    It stays the letter of the department to which it was written: a successor elsewhere may not read it.
    """
    before, after = f"{mail.to_name}：", f"{new.name}："
    return {
        "account_id": new.id,
        "key": key,
        "message_id": mail.message_id.replace(mail.key, key),
        "to_name": new.name,
        "to_address": new.email or "",
        "text": after + mail.text.removeprefix(before) if mail.text.startswith(before) else mail.text,
        "html": mail.html.replace(f">{escape(before)}<", f">{escape(after)}<", 1),
    }


def _insert(session: Session, values: dict[str, Any]) -> None:
    """Told by its key and recipient, as every queued mail is, and not by its text."""
    new_id = session.execute(insert(OutboxMail).values(**values).returning(col(OutboxMail.id))).scalar_one()
    said = {name: values[name] for name in ("key", "to_name", "to_address", "subject")}
    note(session, "outbox_mail", new_id, said)


def _change(session: Session, mail: OutboxMail, values: dict[str, Any]) -> None:
    session.exec(
        update(OutboxMail)
        .where(col(OutboxMail.id) == mail.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    session.expire(mail)
