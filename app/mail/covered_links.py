"""Mails that carry a link by which whoever reads it is in: nobody but its receiver does.

Where such a mail is shown or handed out the link is covered. The stored text of a one-time link is covered for good as
soon as the mail was sent or given up; that of a report link never held one (`report_mark`).
"""

import re

from app.mail.report_mark import without_link
from app.models import OutboxMail

LINK_KIND = "link"
_TOKEN = re.compile(r"(/sign-in/link/)[A-Za-z0-9_-]+")
_COVER = "••••••"


def covered_text(text: str) -> str:
    return _TOKEN.sub(rf"\1{_COVER}", text)


def covered_mail(mail: OutboxMail) -> OutboxMail:
    """The mail itself, or a copy without its link that belongs to no session."""
    cover = covered_text if mail.kind == LINK_KIND else without_link
    return OutboxMail(**mail.model_dump() | {"text": cover(mail.text), "html": cover(mail.html)})
