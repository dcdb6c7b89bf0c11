"""A mailbox as the reader of answers needs it: what has not been read, some at a time, and marking what is done.

Marking comes after the commit: a crash in between gives the mail again, and its fingerprint makes it the same row.
"""

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

MOST_BYTES = 30 * 1024 * 1024  # of one mail: 20 MB of files grow by a third on their way
MOST_HEAD = 64 * 1024  # what is read of a mail that is larger
MOST_MAILS = 50  # at a time; the next tick goes on


class MailboxFault(Exception):
    """The mailbox cannot be read now; the sentence names neither user nor password."""


@dataclass(frozen=True, slots=True)
class RawMail:
    """A mail as it came. `size` in bytes; of one that is larger than MOST_BYTES `content` is the beginning alone.

    `name`: what its mailbox knows it by.
    """

    name: str
    content: bytes
    size: int

    @property
    def cut(self) -> bool:
        return self.size > len(self.content)

    @property
    def fingerprint(self) -> str:
        beginning = f"{self.size}\n".encode() if self.cut else b""
        return hashlib.sha256(beginning + self.content).hexdigest()


class OpenMailbox(Protocol):
    def unread(self) -> Iterator[RawMail]:
        """The oldest first, at most MOST_MAILS. Raises MailboxFault."""

    def mark_done(self, mail: RawMail) -> None:
        """It is not given again. Raises MailboxFault."""


class Mailbox(Protocol):
    def opened(self) -> AbstractContextManager[OpenMailbox]:
        """Raises MailboxFault."""
