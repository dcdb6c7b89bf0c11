"""The file: a zip, because its table of contents stands at the end.

What was cut off has none and is refused at once; every part can be read and checked for itself; and every machine can
open it without us. Only the database is compressed, evidence is compressed by its nature. Nothing is ever unpacked
under a name that the file says: names are compared with the few that there may be.
"""

import hashlib
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Self

from app.backup.faults import BadBackup
from app.backup.manifest import MANIFEST, FileMark, Manifest, read_manifest

_CHUNK = 1024 * 1024
_RATIO = 200  # deflate reaches 1032:1 on emptiness alone; a database of ours stays below 20:1
# What the library raises on archives that were damaged or made to confuse it.
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, ArithmeticError, ValueError)


class BackupWriter:
    """Writes into a file that is open; the manifest comes last."""

    def __init__(self, file: BinaryIO, moment: datetime) -> None:
        self._zip = zipfile.ZipFile(file, "w", allowZip64=True)
        self._date = moment.timetuple()[:6]
        self.files: dict[str, FileMark] = {}

    def add(self, name: str, source: BinaryIO, *, packed: bool = False) -> FileMark:
        entry = self._entry(name)
        entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        digest, size = hashlib.sha256(), 0
        with self._zip.open(entry, "w", force_zip64=True) as target:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                target.write(chunk)
        mark = self.files[name] = FileMark(sha256=digest.hexdigest(), size=size)
        return mark

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        with suppress(OSError, ValueError):  # after a full disk; what was finished is closed already
            self._zip.close()

    def finish(self, manifest: Manifest) -> None:
        self._zip.writestr(self._entry(MANIFEST), manifest.model_dump_json(indent=1).encode())
        self._zip.close()

    def _entry(self, name: str) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name, self._date)
        entry.external_attr = (stat.S_IFREG | 0o600) << 16
        return entry


class BackupReader:
    """A backup whose table of contents is what its manifest says. Everything it does raises BadBackup."""

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self._zip = archive
        entries = archive.infolist()
        self._entries = {entry.filename: entry for entry in entries}
        size = path.stat().st_size
        if len(self._entries) != len(entries) or MANIFEST not in self._entries:
            raise BadBackup(f"{path} 不是督办的备份，或已损坏。")
        # Stored as it is, so that it cannot be longer than the file.
        if self._entries[MANIFEST].compress_type != zipfile.ZIP_STORED or self._entries[MANIFEST].file_size > size:
            raise BadBackup(f"{path} 的清单不是本程序写入的，未予读取。")
        self.manifest = read_manifest(archive.read(MANIFEST))
        self._compare()

    @classmethod
    @contextmanager
    def opened(cls, path: Path) -> Iterator[Self]:
        try:
            with zipfile.ZipFile(path) as archive:
                yield cls(archive, path)
        except _DAMAGE as error:
            raise BadBackup(f"{path} 不是督办的备份，或已损坏（不完整的文件也会如此）。") from error

    def _compare(self) -> None:
        said = self.manifest.files
        strange = sorted(set(self._entries) - set(said) - {MANIFEST}) + sorted(set(said) - set(self._entries))
        if strange:
            raise BadBackup(f"备份的内容与其清单不符：{strange[0]!r}。")
        for name, mark in said.items():
            entry = self._entries[name]
            packed = entry.compress_type == zipfile.ZIP_DEFLATED and name == self.manifest.database_file
            plain = entry.compress_type == zipfile.ZIP_STORED and entry.compress_size == entry.file_size
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if entry.file_size != mark.size or not (packed or plain) or kind not in {0, stat.S_IFREG}:
                raise BadBackup(f"备份中的 {name} 与其清单不符。")
            if entry.file_size > max(entry.compress_size, 4096) * _RATIO:
                raise BadBackup(f"备份中的 {name} 解压后异常庞大，未予读取。")

    @property
    def unpacked(self) -> int:
        """Bytes of everything that is in it."""
        return sum(mark.size for mark in self.manifest.files.values())

    def copy(self, name: str, target: BinaryIO | None) -> None:
        """Writes one file to `target`, or only reads it; in either case compares it with the manifest."""
        mark = self.manifest.files[name]
        digest, left = hashlib.sha256(), mark.size
        with self._zip.open(self._entries[name]) as source:
            while chunk := source.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    break
                digest.update(chunk)
                if target is not None:
                    target.write(chunk)
        if left != 0 or digest.hexdigest() != mark.sha256:
            raise BadBackup(f"备份中的 {name} 已损坏：内容与清单中的校验值不符。")

    def read_through(self) -> None:
        for name in self.manifest.files:
            self.copy(name, None)
