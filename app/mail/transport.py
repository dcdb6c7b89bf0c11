"""What every way out of the house has in common."""

from datetime import datetime
from typing import Protocol

from app.models import OutboxMail
from app.models.outbox_mail import MailFault


class NotSent(Exception):
    """The mail was not accepted, or nobody knows.

    `permanent`: trying again is of no use; `fault` says whose fault it is. `in_doubt`: the connection broke after the
    content had gone out, so the server may have it. `ours`: it is not about this mail, and no other would get through
    now; it counts as no attempt.
    """

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool = False,
        in_doubt: bool = False,
        ours: bool = False,
        fault: MailFault | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.in_doubt = in_doubt
        self.ours = ours
        self.fault = fault


class Transport(Protocol):
    def send(self, mail: OutboxMail, now: datetime) -> str | None:
        """What was said when the mail was accepted, if anything was said; raises NotSent otherwise."""
