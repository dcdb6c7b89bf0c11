"""Every key of every mail. The same thing said to the same person in the same run has the same key and is one mail.

Keys are built from ids and ISO dates, so that they can be read in a log. An account is named by its id and
not by its address: whoever changes the address in the middle of a run still gets one mail.
"""

import secrets
from datetime import UTC, date, datetime
from email.utils import parseaddr

from app.models.digest_run import RunKind

_AGAIN = ".again-"


def run_mail_key(kind: RunKind, region_code: str, run_date: date, account_id: int) -> str:
    """daily.xicheng.2024-11-25.17."""
    return f"{kind.value}.{region_code}.{run_date.isoformat()}.{account_id}"


def account_mail_key(about: str, account_id: int, at: datetime) -> str:
    """password_changed.17.20241125T020000.000000, link.17.…: each change, and each link, is told once.

    Not by the id of the link: SQLite gives that of a deleted row to the next one.
    """
    return f"{about}.{account_id}.{at.astimezone(UTC):%Y%m%dT%H%M%S.%f}"


def handover_mail_key(handover_id: int, account_id: int) -> str:
    """handover.3.17."""
    return f"handover.{handover_id}.{account_id}"


def channel_key(kind: RunKind, region_code: str, run_date: date, channel_id: int) -> str:
    """daily.xicheng.2024-11-25.chat-7."""
    return f"{kind.value}.{region_code}.{run_date.isoformat()}.chat-{channel_id}"


def channel_test_key(channel_id: int, at: datetime) -> str:
    """chat_test.chat-7.20241125T020000: who clicks twice sends one."""
    return f"chat_test.chat-{channel_id}.{at.astimezone(UTC):%Y%m%dT%H%M%S}"


def handed_on_key(key: str, old_account: int, new_account: int) -> str | None:
    """The key under which the new account gets the same; None for what is not said to an account by its id."""
    first, again, number = key.partition(_AGAIN)
    head, _dot, last = first.rpartition(".")
    return f"{head}.{new_account}{again}{number}" if head and last == str(old_account) else None


def again_key(key: str, number: int) -> str:
    """daily.xicheng.2024-11-25.17.again-1: sent once more by the secretariat."""
    return f"{key}{_AGAIN}{number}"


def reply_code() -> str:
    """What only the receiver of one mail knows: an answer that names it comes from where the mail went (96 bits)."""
    return secrets.token_hex(12)


def message_id(key: str, code: str, sender: str) -> str:
    """Key and reply code as Message-ID in the domain of the sender: its receiver can know a repeated mail as the same.

    It is stored with the mail and every attempt carries the same.
    """
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    return f"<{key}.{code}@{domain}>"
