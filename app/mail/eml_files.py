"""Mails as .eml files, for a machine without a mail server: any mail program opens them."""

import os
import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from app.i18n import gettext as _
from app.mail.message import BadAddress, build_message
from app.mail.transport import NotSent
from app.models import OutboxMail


class FileTransport:
    """Writes FOLDER/KEY.eml. A mail that is sent again replaces its file, so a repeat is never two."""

    def __init__(self, folder: Path, *, sender: str, zone: ZoneInfo) -> None:
        self._folder = folder
        self._sender = sender
        self._zone = zone

    def send(self, mail: OutboxMail, now: datetime) -> None:
        try:
            content = build_message(mail, sender=self._sender, at=now.astimezone(self._zone)).as_bytes()
        except BadAddress as error:
            raise NotSent(str(error), permanent=True) from error
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
            raise NotSent(_("无法写入邮件文件：%(error)s") % {"error": error}) from error
