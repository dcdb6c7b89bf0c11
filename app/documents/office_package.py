"""Zip based documents (Word, Excel, PowerPoint since 2007, OFD): which one it is, and whether it is harmless."""

import shutil
import struct
import zipfile
import zlib
from collections.abc import Sequence
from enum import StrEnum
from html import unescape
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from app.documents import compound_file

SIGNATURE = b"PK\x03\x04"

_ENTRY_LIMIT = 20_000
_CONTENT_TYPES = "[content_types].xml"
_RELATIONSHIPS = ".rels"
# Word's, Excel's and PowerPoint's code, and Excel 4.0's macro sheets; a link in a text may well speak of macros.
_MACRO_TYPES = ("macroenabled", "vnd.ms-office.vbaproject", "ms-excel.macrosheet", "ms-excel.intlmacrosheet")
_MACRO_RELATIONS = ("relationships/vbaproject", "relationships/xlmacrosheet", "relationships/xlintlmacrosheet")
_CHUNK = 1024 * 1024
# deflate reaches 1032:1 on emptiness; documents stay below 60:1, and small ones harm nobody whatever their ratio.
_RATIO_LIMIT = 150
_RATIO_COUNTS_FROM = 16 * 1024 * 1024
_DEEPEST = 3  # a workbook in a slide in a letter; what lies deeper was made to be looked into in vain
_IN_MEMORY = 8 * 1024 * 1024
_END = b"PK\x05\x06"
_END_LENGTH = 22
_LONGEST_COMMENT = 65_535
_LOCKED = 0x1  # bit 0 of an entry's flags
_PACKINGS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
# What the library raises on archives that were made to confuse it.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    ArithmeticError,
    ValueError,
)


class PackageKind(StrEnum):
    WORD = "word/document.xml"
    EXCEL = "xl/workbook.xml"
    POWERPOINT = "ppt/presentation.xml"
    OFD = "ofd.xml"


class BadPackage(Exception):
    """Not a readable archive."""


class PackageLocked(Exception):
    """An entry needs a password."""


class PackageHasMacros(Exception):
    """Carries code that would run on opening."""


class PackageTooLarge(Exception):
    """Declares, or really has, more content than is unpacked here."""


class _Measure:
    """How many bytes may still be unpacked, over all archives within one another."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise PackageTooLarge


def inspect_package(file: BinaryIO, size: int, *, unpacked_limit: int) -> PackageKind | None:
    """None for an archive that is none of the known documents. Sizes in bytes; every entry is read to its end.

    Documents that are embedded in it are looked into as well. Raises BadPackage, PackageLocked, PackageHasMacros,
    PackageTooLarge.
    """
    return _inspect(file, size, _Measure(unpacked_limit), depth=1)


def ends_as_archive(file: BinaryIO, size: int) -> bool:
    """Whether the file is an archive to those who read from its end, whatever it begins with (APPNOTE 4.3.16)."""
    file.seek(max(0, size - _END_LENGTH - _LONGEST_COMMENT))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_LENGTH:
        return False
    (comment,) = struct.unpack_from("<H", tail, at + _END_LENGTH - 2)
    return len(tail) - at == _END_LENGTH + int(comment)


def _inspect(file: BinaryIO, size: int, measure: _Measure, *, depth: int) -> PackageKind | None:
    if depth > _DEEPEST:
        raise PackageTooLarge
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            kind = _kind(entries)
            _check_declared(entries, size, measure.left)
            for entry in _embedded(archive, entries, size, measure):
                _look_into(archive, entry, measure, depth)
            if kind is not None and _has_macros(archive, entries):
                raise PackageHasMacros
            return kind
    except _DAMAGE as error:
        raise BadPackage from error


def _kind(entries: Sequence[zipfile.ZipInfo]) -> PackageKind | None:
    names = {entry.filename.lower() for entry in entries}
    if PackageKind.OFD in names:
        return PackageKind.OFD
    if _CONTENT_TYPES not in names:
        return None
    return next((kind for kind in PackageKind if kind in names), None)


def _check_declared(entries: Sequence[zipfile.ZipInfo], size: int, unpacked_limit: int) -> None:
    if any(entry.flag_bits & _LOCKED for entry in entries):
        raise PackageLocked
    if any(entry.compress_type not in _PACKINGS for entry in entries):
        raise BadPackage
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > _ENTRY_LIMIT or _excessive(unpacked, size, unpacked_limit):
        raise PackageTooLarge


def _excessive(unpacked: int, size: int, unpacked_limit: int) -> bool:
    return unpacked > unpacked_limit or (unpacked > _RATIO_COUNTS_FROM and unpacked > size * _RATIO_LIMIT)


def _embedded(
    archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo], size: int, measure: _Measure
) -> list[zipfile.ZipInfo]:
    """The entries that are documents themselves.

    What an archive declares may be a lie, so all are read and their sizes counted; reading also compares check sums.
    """
    unpacked, found = 0, []
    for entry in entries:
        with archive.open(entry) as content:
            chunk = content.read(_CHUNK)
            if chunk.startswith((SIGNATURE, compound_file.SIGNATURE)):
                found.append(entry)
            while chunk:
                unpacked += len(chunk)
                measure.spend(len(chunk))
                if _excessive(unpacked, size, unpacked + measure.left):
                    raise PackageTooLarge
                chunk = content.read(_CHUNK)
    return found


def _look_into(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, measure: _Measure, depth: int) -> None:
    """Raises what inspecting it raises, but for damage: an embedded picture may look like anything."""
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as spooled, archive.open(entry) as content:
        copy = cast(BinaryIO, spooled)
        shutil.copyfileobj(content, copy)
        size = copy.tell()
        copy.seek(0)
        packed = copy.read(len(SIGNATURE)) == SIGNATURE
        try:
            if packed:
                _inspect(copy, size, measure, depth=depth + 1)
            elif compound_file.has_macros(copy, size):
                raise PackageHasMacros
        except (BadPackage, compound_file.BadCompoundFile):
            return


def _has_macros(archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo]) -> bool:
    """A part may have any name: what it is, its content type and the relationship that leads to it say."""
    for entry in entries:
        name = entry.filename.lower()
        if name.rpartition("/")[2] == "vbaproject.bin" or "/macrosheets/" in name:
            return True
        if name == _CONTENT_TYPES or name.endswith(_RELATIONSHIPS):
            text = _words(archive.read(entry))
            marks = _MACRO_TYPES if name == _CONTENT_TYPES else _MACRO_RELATIONS
            if any(mark in text for mark in marks):
                return True
    return False


def _words(content: bytes) -> str:
    """XML in any of its encodings, its character references resolved, in small letters."""
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<"))
    if wide:
        little = content.startswith((b"\xff\xfe", b"<\x00"))
        return unescape(content.decode("utf-16-le" if little else "utf-16-be", "replace")).lower()
    return unescape(content.decode("utf-8", "replace")).lower()
