"""A maildir on this machine: what lies in `new`, and in `cur` without the mark S (seen), which what is done gets."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.i18n import gettext as _
from app.inbox.mailbox import MOST_BYTES, MOST_HEAD, MOST_MAILS, MailboxFault, RawMail

_INFO = ":2,"


@dataclass(frozen=True, slots=True)
class MaildirMailbox:
    folder: Path

    @contextmanager
    def opened(self) -> Iterator["_Folder"]:
        if not (self.folder / "new").is_dir() or not (self.folder / "cur").is_dir():
            raise MailboxFault(_("“%(folder)s”不是maildir文件夹。") % {"folder": self.folder})
        try:
            yield _Folder(self.folder)
        except OSError as error:
            raise MailboxFault(
                _("maildir文件夹“%(folder)s”不能读写：%(reason)s") % {"folder": self.folder, "reason": error.strerror}
            ) from error


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def unread(self) -> Iterator[RawMail]:
        # Names begin with the second in which the mail came.
        for path in sorted(self._waiting(), key=lambda one: one.name)[:MOST_MAILS]:
            try:
                size = path.stat().st_size
                with path.open("rb") as file:
                    content = file.read(MOST_HEAD if size > MOST_BYTES else MOST_BYTES)
            except FileNotFoundError:  # another worker, or a mail program
                continue
            yield RawMail(f"{path.parent.name}/{path.name}", content, max(size, len(content)))

    def _waiting(self) -> Iterator[Path]:
        for name in ("new", "cur"):
            for path in (self._folder / name).iterdir():
                _unique, _info, flags = path.name.partition(_INFO)
                seen = name == "cur" and "S" in flags
                if not seen and path.is_file() and not path.is_symlink() and not path.name.startswith("."):
                    yield path

    def mark_done(self, mail: RawMail) -> None:
        path = self._folder / mail.name
        unique, _info, flags = path.name.partition(_INFO)
        done = "".join(sorted({*flags, "S"}))  # in the order of their letters, as programs expect
        try:
            path.rename(self._folder / "cur" / f"{unique}{_INFO}{done}")
        except FileNotFoundError:
            return
