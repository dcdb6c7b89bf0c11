"""Mails that carry a one-time link: whoever reads it is in, so nobody but its receiver does.

Where such a mail is shown or handed out the link is covered, and the stored text is covered for good as soon as the
mail was sent or given up.
"""

import re

from app.models import OutboxMail

LINK_KIND = "link"
_TOKEN = re.compile(r"(/sign-in/link/)[A-Za-z0-9_-]+")
_COVER = "••••••"


def covered_text(text: str) -> str:
    return _TOKEN.sub(rf"\1{_COVER}", text)


def covered_mail(mail: OutboxMail) -> OutboxMail:
    """The mail itself, or a copy without its link that belongs to no session."""
    if mail.kind != LINK_KIND:
        return mail
    return OutboxMail(**mail.model_dump() | {"text": covered_text(mail.text), "html": covered_text(mail.html)})
