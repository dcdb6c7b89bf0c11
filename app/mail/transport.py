"""What every way out of the house has in common."""

from datetime import datetime
from typing import Protocol

from app.models import OutboxMail


class NotSent(Exception):
    """The mail was not accepted, or nobody knows.

    `permanent`: trying again is of no use. `in_doubt`: the connection broke after the content had gone out,
    so the server may have it.
    """

    def __init__(self, reason: str, *, permanent: bool = False, in_doubt: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.in_doubt = in_doubt


class Transport(Protocol):
    def send(self, mail: OutboxMail, now: datetime) -> None:
        """Returns when the mail was accepted, raises NotSent otherwise."""
