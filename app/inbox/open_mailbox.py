"""The mailbox that the settings name."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from app.inbox.imap_mailbox import ImapMailbox
from app.inbox.mailbox import Mailbox
from app.inbox.maildir_mailbox import MaildirMailbox


def mailbox_at(url: str) -> Mailbox:
    parts = urlsplit(url)
    if parts.scheme == "maildir":
        return MaildirMailbox(Path(unquote(parts.path)))
    return ImapMailbox(url)
