"""The fill-in sheet that came back by mail (documents/report_sheet_shape.py): what was typed into which row.

It comes from outside, so it is looked at like any evidence first (no macros, nothing that unpacks without end) and then
read row by row within limits. Nothing is reckoned: a formula is a fault, since only its last result could be taken.
"""

import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook

from app.documents.office_package import (
    BadPackage,
    PackageHasMacros,
    PackageKind,
    PackageLocked,
    PackageTooLarge,
    inspect_package,
)
from app.documents.report_sheet_shape import FILLED_IN, LIMIT, NO, YES, SheetColumn, code_in, columns_in
from app.i18n import gettext as _

_MOST_BYTES = 5 * 1024 * 1024
_UNPACKED = 40 * 1024 * 1024
_MOST_SHEETS, _MOST_ROWS, _MOST_COLUMNS = 5, 2000, 40
_MARKS_WITHIN = 30  # rows
_DIGITS = re.compile(r"\d{1,18}")
_PERCENT = re.compile(r"(\d{1,3})\s*[%％]?")
_MOST_PERCENT = 100
_YES = frozenset({YES, "yes", "y", "true", "1", "√", "✓", "已办结", "申请办结"})
_NO = frozenset({NO, "no", "n", "false", "0", "×", ""})
# What the library raises on sheets that were made to confuse it.
_DAMAGE = (
    zipfile.BadZipFile,
    ParseError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OSError,
    EOFError,
    ArithmeticError,
    RecursionError,
)


@dataclass(frozen=True, slots=True)
class FilledRow:
    """`number`: in the sheet as the office sees it. `values`: what stands in the columns to be filled in, as text."""

    number: int
    obligation_id: int | None
    values: Mapping[SheetColumn, str]
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FilledSheet:
    """`code`: the reply code of the mail it went out with, if it still stands there."""

    code: str | None
    rows: tuple[FilledRow, ...]


@dataclass(slots=True)
class _Reading:
    code: str | None = None
    rows: list[FilledRow] = field(default_factory=list)
    columns: Mapping[SheetColumn, int] | None = None


def read_report_sheet(content: bytes) -> FilledSheet | None:
    """None for what is no sheet of ours, or may not be opened; why, the evidence store says of such a file."""
    if len(content) > _MOST_BYTES:
        return None
    try:
        if inspect_package(BytesIO(content), len(content), unpacked_limit=_UNPACKED) is not PackageKind.EXCEL:
            return None
    except (BadPackage, PackageLocked, PackageHasMacros, PackageTooLarge):
        return None
    try:
        with closing(load_workbook(BytesIO(content), read_only=True, keep_links=False)) as book:
            reading = _Reading(code=_code_of(book))
            for sheet in book.worksheets[:_MOST_SHEETS]:
                _read(sheet, reading)
                if reading.columns is not None:
                    return FilledSheet(reading.code, tuple(reading.rows))
    except _DAMAGE:
        return None
    return None


def _code_of(book: Any) -> str | None:
    return next((code for one in book.custom_doc_props.props if (code := code_in(one.value))), None)


def _read(sheet: Any, reading: _Reading) -> None:
    for number, cells in enumerate(_rows(sheet), start=1):
        if reading.columns is None:
            if number > _MARKS_WITHIN:
                return
            reading.columns = columns_in([cell.value for cell in cells])
            reading.code = reading.code or next((code for cell in cells if (code := code_in(cell.value))), None)
        elif (row := _row(number, cells, reading.columns)) is not None:
            reading.rows.append(row)


def _rows(sheet: Any) -> Iterator[Any]:
    sheet.reset_dimensions()  # what the sheet says of its size may be a lie
    yield from sheet.iter_rows(max_row=_MOST_ROWS, max_col=_MOST_COLUMNS)


def _row(number: int, cells: Any, columns: Mapping[SheetColumn, int]) -> FilledRow | None:
    """None for headings and empty rows."""
    faults: list[str] = []

    def said(column: SheetColumn) -> str:
        place = columns[column]
        cell = cells[place] if place < len(cells) else None
        if cell is not None and cell.value is not None and cell.data_type == "f":
            faults.append(_("填了公式，请改填结果。"))
            return ""
        return _text(cell, percent=column is SheetColumn.PERCENT) if cell is not None else ""

    key = said(SheetColumn.OBLIGATION)
    if not _DIGITS.fullmatch(key):
        return None
    values = {column: said(column) for column in FILLED_IN}
    return FilledRow(number, int(key), values, tuple(dict.fromkeys(faults)))


def _text(cell: Any, *, percent: bool) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, datetime | date):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, int | float):
        if percent and "%" in str(getattr(cell, "number_format", "")):
            value = round(value * 100, 4)
        return str(int(value)) if value == int(value) else str(value)
    return "".join(sign for sign in str(value) if sign in "\n\t" or sign >= " ").replace("\x7f", "").strip()


def faults_of(row: FilledRow) -> list[str]:
    """Sentences for what could not be sent as it stands."""
    found = list(row.faults)
    percent = row.values[SheetColumn.PERCENT]
    match = _PERCENT.fullmatch(percent)
    if percent and (match is None or int(match[1]) > _MOST_PERCENT):
        found.append(_("完成比例“%(text)s”应为0至100的整数。") % {"text": percent[:20]})
    wish = row.values[SheetColumn.COMPLETION].lower()
    if wish not in _YES | _NO:
        found.append(_("申请办结一栏“%(text)s”应填是或否。") % {"text": wish[:20]})
    for column in (SheetColumn.TEXT, SheetColumn.DIFFICULTIES, SheetColumn.NEXT_STEP):
        count = len(row.values[column])
        if count > LIMIT:
            found.append(_("文字共%(count)s字，超过%(limit)s字的部分未采用。") % {"count": count, "limit": LIMIT})
    return found


def asks_completion(row: FilledRow) -> bool:
    return row.values[SheetColumn.COMPLETION].lower() in _YES - {""}
