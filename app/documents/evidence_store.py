"""Evidence files on disk, each once, under the hash of its content: ab/cd/abcd….

A file is complete and durable before it has its final name, so whatever a crash leaves behind is a
nameless `.incoming-*` file and never half an evidence. Files whose report was given up stay; they are
harmless and may be removed when no evidence row names them.
"""

import hashlib
import logging
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.documents.file_content import EXTENSIONS, media_type
from app.documents.file_name import display_name, extension
from app.documents.refusals import EmptyFile, FileTooLarge, ForbiddenType, StoreUnavailable
from app.durable import sync_folder
from app.i18n import gettext as _

_CHUNK = 1024 * 1024
_UNPACKED_TIMES = 10  # a document may unpack to so many times the largest file
_SHA256 = re.compile(r"[0-9a-f]{64}")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that lies in the evidence store already; `size` in bytes."""

    file_name: str
    media_type: str
    size: int
    sha256: str


class EvidenceStore:
    """Several processes may use one folder. The folder is made when the first file comes."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder = folder
        self.max_bytes = max_bytes

    def store(self, file: BinaryIO, name: str) -> StoredFile:
        """Keeps the content of `file` from its present position on. Raises a FileRefused that names the file."""
        shown = display_name(name)
        ending = extension(shown)
        if ending not in EXTENSIONS:
            raise ForbiddenType(shown)
        try:
            with self._incoming() as (incoming, place):
                sha256, size = self._copy(file, incoming, shown)
                kind = media_type(
                    incoming, size, name=shown, ending=ending, unpacked_limit=self.max_bytes * _UNPACKED_TIMES
                )
                os.fsync(incoming.fileno())
                self._settle(place, sha256, size)
        except OSError as error:
            log.exception("The evidence store could not keep a file.")
            raise StoreUnavailable(shown) from error
        return StoredFile(shown, kind, size, sha256)

    def path(self, sha256: str) -> Path:
        """Where the content lies, or would lie. Raises ValueError for what is no hash."""
        if not _SHA256.fullmatch(sha256):
            msg = "not a sha256"
            raise ValueError(msg)
        return self.folder / sha256[:2] / sha256[2:4] / sha256

    def holds(self, sha256: str, size: int) -> bool:
        try:
            return self.path(sha256).stat().st_size == size
        except (OSError, ValueError):
            return False

    def fault(self, sha256: str, size: int) -> str | None:
        """What is wrong with a file on record; None when it is whole. Reads it to its end."""
        try:
            with self.path(sha256).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            return _("文件缺失")
        except OSError as error:
            return _("文件无法读取（%(reason)s）") % {"reason": error.strerror}
        return None if found == sha256 and self.holds(sha256, size) else _("文件内容已改变")

    @contextmanager
    def _incoming(self) -> Iterator[tuple[BinaryIO, Path]]:
        """A temporary file in the store's own folder, because only there can it be renamed in one step."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".incoming-", dir=self.folder)
        try:
            with os.fdopen(handle, "w+b") as incoming:
                yield incoming, Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def _copy(self, file: BinaryIO, incoming: BinaryIO, shown: str) -> tuple[str, int]:
        """(sha256, size). Stops one chunk behind the limit, however long the file goes on."""
        digest = hashlib.sha256()
        size = 0
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            if size > self.max_bytes:
                raise FileTooLarge(shown, self.max_bytes)
            digest.update(chunk)
            incoming.write(chunk)
        if size == 0:
            raise EmptyFile(shown)
        incoming.flush()
        return digest.hexdigest(), size

    def _settle(self, incoming: Path, sha256: str, size: int) -> None:
        """Gives the file its final name; the same content twice is kept once."""
        target = self.path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not self.holds(sha256, size):
            incoming.replace(target)
        for folder in (target.parent, target.parent.parent, self.folder):
            sync_folder(folder)
