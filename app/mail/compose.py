"""A mail is a name and three templates: email/NAME/subject.txt, body.txt and body.html."""

import re
from base64 import b64encode
from dataclasses import dataclass
from typing import Any

from app.i18n import officially
from app.mail.keys import message_id, reply_code
from app.rendering import make_environment
from app.settings import Settings

SUBJECT_LIMIT = 300
_SPREAD = re.compile(r"\n{3,}")  # what loops and conditions of a text template leave behind


@dataclass(frozen=True, slots=True)
class Attachment:
    file_name: str
    media_type: str
    content: bytes

    def stored(self) -> dict[str, str]:
        """As the outbox keeps it."""
        return {
            "file_name": self.file_name,
            "media_type": self.media_type,
            "content": b64encode(self.content).decode(),
        }


@dataclass(frozen=True, slots=True)
class Letter:
    """A finished mail to one person, not yet queued."""

    key: str
    message_id: str
    account_id: int | None  # None for a chat group
    to_name: str
    to_address: str
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()


class Composer:
    """Writes letters; links in them begin with the site's address."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._environment = make_environment()
        self._site = settings.site
        self._sender = settings.mail_from

    @officially()
    def write(
        self,
        name: str,
        *,
        key: str,
        account_id: int,
        to_name: str,
        to_address: str,
        attachments: tuple[Attachment, ...] = (),
        code: str = "",
        **context: Any,
    ) -> Letter:
        """`context` is what the three templates of `name` ask for; they also get `site` and `to_name`.

        `code`: the reply code, where an attachment names it already.
        """
        said = {"site": self._site, "to_name": to_name, **context}

        def part(file: str) -> str:
            return self._environment.get_template(f"email/{name}/{file}").render(**said)

        return Letter(
            key=key,
            message_id=message_id(key, code or reply_code(), self._sender),
            account_id=account_id,
            to_name=to_name,
            to_address=to_address,
            # One line, whatever the template and the names in it hold.
            subject=" ".join(part("subject.txt").split())[:SUBJECT_LIMIT],
            text=_SPREAD.sub("\n\n", part("body.txt")).strip() + "\n",
            html=part("body.html"),
            attachments=attachments,
        )
