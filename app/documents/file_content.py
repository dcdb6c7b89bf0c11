"""What a file really is, judged by its content; its extension has to say the same."""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from app.documents import compound_file, office_package, pdf_file
from app.documents.compound_file import BadCompoundFile
from app.documents.office_package import (
    BadPackage,
    PackageHasMacros,
    PackageKind,
    PackageLocked,
    PackageTooLarge,
    inspect_package,
)
from app.documents.refusals import DamagedFile, EncryptedPdf, LockedFile, LyingType, MacrosInside, UnpacksTooLarge
from app.i18n import gettext as _

_HEAD = 16
_CHUNK = 1024 * 1024
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_OOXML = "application/vnd.openxmlformats-officedocument."


@dataclass(frozen=True, slots=True)
class Kind:
    """`types`: media type by extension. `name` finishes "it is really …"."""

    name: str
    types: Mapping[str, str]


PDF = Kind("PDF", {".pdf": "application/pdf"})
PNG = Kind("PNG", {".png": "image/png"})
JPEG = Kind("JPG", {".jpg": "image/jpeg", ".jpeg": "image/jpeg"})
GIF = Kind("GIF", {".gif": "image/gif"})
WEBP = Kind("WebP", {".webp": "image/webp"})
TEXT = Kind("TXT", {".txt": "text/plain", ".csv": "text/csv"})
PACKAGES = {
    PackageKind.WORD: Kind("Word", {".docx": _OOXML + "wordprocessingml.document"}),
    PackageKind.EXCEL: Kind("Excel", {".xlsx": _OOXML + "spreadsheetml.sheet"}),
    PackageKind.POWERPOINT: Kind("PPT", {".pptx": _OOXML + "presentationml.presentation"}),
    PackageKind.OFD: Kind("OFD", {".ofd": "application/ofd"}),
}
# The stream that holds the text, the sheets or the slides. WPS writes the same streams under its own extensions.
COMPOUND = {
    "WordDocument": Kind("Word 97-2003", {".doc": "application/msword", ".wps": "application/wps-office.wps"}),
    "Workbook": Kind("Excel 97-2003", {".xls": "application/vnd.ms-excel", ".et": "application/wps-office.et"}),
    "Book": Kind("Excel 95", {".xls": "application/vnd.ms-excel", ".et": "application/wps-office.et"}),
    "PowerPoint Document": Kind(
        "PPT 97-2003", {".ppt": "application/vnd.ms-powerpoint", ".dps": "application/wps-office.dps"}
    ),
}
KINDS = (PDF, PNG, JPEG, GIF, WEBP, TEXT, *PACKAGES.values(), *COMPOUND.values())
EXTENSIONS = frozenset(ending for kind in KINDS for ending in kind.types)


def media_type(file: BinaryIO, size: int, *, name: str, ending: str, unpacked_limit: int) -> str:
    """The media type of a file whose content agrees with its extension, one of EXTENSIONS. Raises a FileRefused."""
    kind, charset = _recognise(file, size, name, unpacked_limit, textual=ending in TEXT.types)
    if kind is None or ending not in kind.types:
        raise LyingType(name, _("%(kind)s文件") % {"kind": kind.name} if kind else None)
    return kind.types[ending] + (f"; charset={charset}" if charset else "")


def _recognise(
    file: BinaryIO, size: int, name: str, unpacked_limit: int, *, textual: bool
) -> tuple[Kind | None, str | None]:
    file.seek(0)
    head = file.read(_HEAD)
    signed = _signed(head)
    if signed is PDF and pdf_file.is_encrypted(file, size):
        raise EncryptedPdf(name)
    if signed is not None:
        # A picture to some programs and an archive to others: what it is for, only its maker knows.
        if office_package.ends_as_archive(file, size):
            raise LyingType(name, _("与压缩包拼接的文件"))
        return signed, None
    if head.startswith(office_package.SIGNATURE):
        return _package(file, size, name, unpacked_limit), None
    if head.startswith(compound_file.SIGNATURE):
        return _compound(file, size, name), None
    charset = _charset(file) if textual else None
    return (TEXT if charset else None), charset


def _signed(head: bytes) -> Kind | None:
    """Formats that begin with bytes of their own."""
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WEBP
    signatures = {b"%PDF-": PDF, b"\x89PNG\r\n\x1a\n": PNG, b"\xff\xd8\xff": JPEG, b"GIF87a": GIF, b"GIF89a": GIF}
    return next((kind for begin, kind in signatures.items() if head.startswith(begin)), None)


def _package(file: BinaryIO, size: int, name: str, unpacked_limit: int) -> Kind | None:
    try:
        kind = inspect_package(file, size, unpacked_limit=unpacked_limit)
    except PackageHasMacros as error:
        raise MacrosInside(name) from error
    except PackageLocked as error:
        raise LockedFile(name) from error
    except PackageTooLarge as error:
        raise UnpacksTooLarge(name) from error
    except BadPackage as error:
        raise DamagedFile(name) from error
    return PACKAGES[kind] if kind else None


def _compound(file: BinaryIO, size: int, name: str) -> Kind | None:
    try:
        entries = compound_file.entry_names(file, size)
    except BadCompoundFile as error:
        raise DamagedFile(name) from error
    if "EncryptedPackage" in entries:  # a .docx with a password is a compound file
        raise LockedFile(name)
    if compound_file.carries_macros(entries):
        raise MacrosInside(name)
    return next((kind for stream, kind in COMPOUND.items() if stream in entries), None)


def _charset(file: BinaryIO) -> str | None:
    """The encoding in which the whole file is readable text; None for anything else."""
    readers = {name: codecs.getincrementaldecoder(name)() for name in ("utf-8", "gb18030")}
    file.seek(0)
    final = False
    while readers and not final:
        chunk = file.read(_CHUNK)
        final = not chunk
        if _CONTROLS.search(chunk):
            return None
        for name, reader in list(readers.items()):
            try:
                reader.decode(chunk, final)
            except UnicodeDecodeError:
                del readers[name]
    return next(iter(readers), None)
