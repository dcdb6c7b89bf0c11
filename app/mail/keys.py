"""Every key of every mail. The same thing said to the same person in the same run has the same key and is one mail.

Keys are built from ids and ISO dates, so that they can be read in a log. An account is named by its id and
not by its address: whoever changes the address in the middle of a run still gets one mail.
"""

from datetime import date
from email.utils import parseaddr

from app.models.digest_run import RunKind


def run_mail_key(kind: RunKind, region_code: str, run_date: date, account_id: int) -> str:
    """daily.xicheng.2024-11-25.17."""
    return f"{kind.value}.{region_code}.{run_date.isoformat()}.{account_id}"


def message_id(key: str, sender: str) -> str:
    """The key as Message-ID in the sender's domain: a repeated mail can be known by its receiver as the same."""
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    return f"<{key}@{domain}>"
