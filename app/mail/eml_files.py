"""Mails as .eml files, for a machine without a mail server: any mail program opens them."""

import os
import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from app.i18n import gettext as _
from app.mail.message import BadAddress, build_message, date_of
from app.mail.transport import NotSent
from app.models import OutboxMail
from app.models.outbox_mail import MailFault


class FileTransport:
    """Writes FOLDER/KEY.eml. A mail that is sent again replaces its file, so a repeat is never two."""

    def __init__(self, folder: Path, *, sender: str, zone: ZoneInfo, answers_to: str | None = None) -> None:
        self._folder = folder
        self._sender = sender
        self._answers_to = answers_to
        self._zone = zone

    def send(self, mail: OutboxMail, now: datetime) -> None:
        try:
            at = date_of(mail, now).astimezone(self._zone)
            message = build_message(mail, sender=self._sender, at=at, answers_to=self._answers_to)
            content = message.as_bytes()
        except BadAddress as error:
            raise NotSent(str(error), permanent=True, fault=MailFault.ADDRESS) from error
        name = re.sub(r"[^\w.-]", "_", mail.key)
        unfinished = self._folder / f".{name}.{os.getpid()}.part"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self._folder / f"{name}.eml")
        except OSError as error:
            raise NotSent(_("无法写入邮件文件：%(error)s") % {"error": error}, ours=True) from error
