"""Entries of the audit trail as a spreadsheet and as CSV: nothing in them becomes a formula."""

import csv
import io
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from app.documents.writing.sheet_cells import BOX, FONT, FORMULA_STARTS, HEAD_FILL, clean, put
from app.i18n import gettext as _
from app.models import AuditEntry
from app.row_words import table_word
from app.words import role_word, word

HEAD_ROW = 3
_WIDTHS = (8, 20, 18, 12, 10, 18, 16, 8, 14, 30, 40, 30, 66)


def _columns() -> tuple[str, ...]:
    return (
        _("序号"),
        _("时间"),
        _("经办人"),
        _("角色"),
        _("渠道"),
        _("来源地址"),
        _("操作"),
        _("结果"),
        _("对象类别"),
        _("对象"),
        _("说明"),
        _("改动"),
        _("校验码"),
    )


def line(entry: AuditEntry, zone: str, names: Mapping[tuple[str, int], str], summary: str) -> list[str | int]:
    """One row of the file."""
    subject = entry.subject or names.get((entry.subject_table, entry.subject_id or 0), "")
    return [
        entry.seq,
        f"{entry.at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}",
        entry.actor,
        role_word(entry.role),
        word(entry.channel),
        entry.address,
        word(entry.action),
        word(entry.outcome),
        table_word(entry.subject_table) if entry.subject_table else "",
        subject,
        entry.reason,
        summary,
        entry.sha256,
    ]


def trail_workbook(rows: Sequence[Sequence[str | int]], *, title: str, note: str) -> bytes:
    book = Workbook()
    book.properties.creator = _("督办")
    book.properties.title = clean(title)
    page = book.active
    assert isinstance(page, Worksheet)
    page.title = _("审计记录")
    put(page, 1, 1, title).font = Font(name=FONT, size=16, bold=True)
    put(page, 2, 1, note).font = Font(name=FONT, size=10.5)
    for number, (name, width) in enumerate(zip(_columns(), _WIDTHS, strict=True), start=1):
        cell = put(page, HEAD_ROW, number, name)
        cell.font, cell.fill, cell.border = Font(name=FONT, size=10.5, bold=True), HEAD_FILL, BOX
        page.column_dimensions[get_column_letter(number)].width = width
    for at, row in enumerate(rows, start=HEAD_ROW + 1):
        for number, value in enumerate(row, start=1):
            put(page, at, number, value)
    page.freeze_panes = f"C{HEAD_ROW + 1}"
    page.auto_filter.ref = f"A{HEAD_ROW}:{get_column_letter(len(_WIDTHS))}{HEAD_ROW + len(rows)}"
    page.page_setup.orientation = "landscape"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def trail_csv(rows: Sequence[Sequence[str | int]], *, title: str, note: str) -> bytes:
    """UTF-8 with the mark by which spreadsheets know it. Title and note are the workbook's alone."""
    del title, note
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(_columns())
    writer.writerows([_harmless(value) for value in row] for row in rows)
    return buffer.getvalue().encode("utf-8-sig")


def _harmless(value: str | int) -> str | int:
    """A spreadsheet reads a text that begins like a formula as one; an apostrophe before it says that it is none."""
    if not isinstance(value, str):
        return value
    text = clean(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
