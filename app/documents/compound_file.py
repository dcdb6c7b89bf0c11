"""The directory of an OLE compound file (Word, Excel and PowerPoint 97-2003, WPS): [MS-CFB]."""

import struct
from typing import BinaryIO

SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")

_HEADER = 512
_FAT_IN_HEADER = 109  # positions of FAT sectors that fit into the header
_ENTRY = 128
_ENTRY_LIMIT = 100_000
_LAST_SECTOR = 0xFFFFFFFA  # what is greater marks an end, a free or a special sector
_SECTOR_SHIFTS = {9, 12}


_MACROS = frozenset({"_VBA_PROJECT", "_VBA_PROJECT_CUR"})


class BadCompoundFile(Exception):
    """Not what [MS-CFB] describes."""


class _Sectors:
    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        file.seek(0)
        header = file.read(_HEADER)
        if len(header) < _HEADER or not header.startswith(SIGNATURE):
            raise BadCompoundFile
        (shift,) = struct.unpack_from("<H", header, 30)
        if shift not in _SECTOR_SHIFTS:
            raise BadCompoundFile
        self.size = 1 << shift
        self.count = size // self.size + 1
        self.first_directory, table, tables = struct.unpack_from("<I16xII", header, 48)
        self._fat = list(struct.unpack_from(f"<{_FAT_IN_HEADER}I", header, 76))
        # A lying header must not make the table longer than the file could need.
        needed = self.count // (self.size // 4) + 1
        for _turn in range(min(tables, needed // (self.size // 4 - 1) + 1)):
            *more, table = struct.unpack(f"<{self.size // 4}I", self.read(table))
            self._fat += more

    def read(self, number: int) -> bytes:
        if number >= self.count:
            raise BadCompoundFile
        self._file.seek((number + 1) * self.size)
        content = self._file.read(self.size)
        if len(content) < self.size:
            content = content.ljust(self.size, b"\0")  # some writers cut the last sector short
        return content

    def after(self, number: int) -> int:
        """The sector that follows in the chain."""
        part, place = divmod(number, self.size // 4)
        if part >= len(self._fat):
            raise BadCompoundFile
        (following,) = struct.unpack_from("<I", self.read(self._fat[part]), place * 4)
        return int(following)


def has_macros(file: BinaryIO, size: int) -> bool:
    """Raises BadCompoundFile."""
    return carries_macros(entry_names(file, size))


def carries_macros(names: frozenset[str]) -> bool:
    """`names` of all its streams and storages."""
    return not names.isdisjoint(_MACROS)


def entry_names(file: BinaryIO, size: int) -> frozenset[str]:
    """The names of all streams and storages. Raises BadCompoundFile."""
    sectors = _Sectors(file, size)
    names: set[str] = set()
    seen: set[int] = set()
    number = sectors.first_directory
    while number < _LAST_SECTOR:
        if number in seen or len(seen) * sectors.size > _ENTRY_LIMIT * _ENTRY:
            raise BadCompoundFile
        seen.add(number)
        content = sectors.read(number)
        for start in range(0, sectors.size, _ENTRY):
            (length,) = struct.unpack_from("<H", content, start + 64)
            if content[start + 66] and 2 <= length <= 64:  # noqa: PLR2004 (type 0 is an unused entry; the name ends with a NUL)
                names.add(content[start : start + length - 2].decode("utf-16-le", "replace"))
        number = sectors.after(number)
    return frozenset(names)
