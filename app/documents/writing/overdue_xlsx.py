"""The overdue list as a spreadsheet: one sheet of lines, one of counts by department."""

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from app.documents.writing.sheet_cells import BOX, FONT, HEAD_FILL, Value, clean, put
from app.domain.overdue_line import OverdueLine, by_department
from app.domain.workflow import Role, State
from app.i18n import gettext as _
from app.i18n import officially
from app.words import day, week_mark, word

HEAD_ROW = 4
_LINE_POINTS = 15.5


@dataclass(frozen=True, slots=True)
class _Sheet:
    title: str
    as_of: date
    lines: Sequence[OverdueLine]
    remarks: Sequence[str]
    weeks: Mapping[int, int] | None
    inherited: Mapping[int, str]


@officially()
def overdue_workbook(
    lines: Sequence[OverdueLine],
    *,
    title: str,
    as_of: date,
    remarks: Sequence[str] = (),
    weeks: Mapping[int, int] | None = None,
    inherited: Mapping[int, str] | None = None,
) -> bytes:
    """The bytes of the .xlsx file, lines in the order they are given.

    `remarks` stand under the title. `weeks`: how many lists in a row hold an obligation, 1 being the first.
    `inherited`: from whom it was taken over, in a column of its own where any was.
    """
    sheet = _Sheet(title, as_of, lines, remarks, weeks, inherited or {})
    book = Workbook()
    book.properties.creator = _("督办")
    book.properties.title = clean(title)
    page = book.active
    assert isinstance(page, Worksheet)
    page.title = _("逾期清单")
    _write_lines(page, sheet)
    _write_counts(book.create_sheet(_("按单位汇总")), sheet)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _write_lines(page: Worksheet, sheet: _Sheet) -> None:
    columns = [
        (_("序号"), 5),
        (_("责任单位"), 18),
        (_("分工"), 11),
        (_("规划"), 24),
        (_("任务编号"), 9),
        (_("任务"), 32),
        (_("阶段"), 13),
        (_("原定期限"), 11),
        (_("现行期限"), 11),
        (_("逾期天数"), 9),
        (_("延期次数"), 9),
        (_("状态"), 8),
    ]
    if sheet.weeks is not None:
        columns.append((_("与上期相比"), 11))
    if sheet.inherited:
        columns.append((_("承继说明"), 24))
    departments = len({line.department for line in sheet.lines})
    summary = _("截至%(day)s，共%(count)s项逾期，涉及%(departments)s个单位。") % {
        "day": day(sheet.as_of, weekday=False),
        "count": len(sheet.lines),
        "departments": departments,
    }
    _head(page, sheet.title, (summary, " ".join(sheet.remarks)), columns)
    for number, line in enumerate(sheet.lines, start=1):
        values: list[Value] = [
            number,
            line.department,
            word(Role(line.role)),
            line.plan_title,
            line.task_number,
            line.task_title,
            line.phase,
            line.first_due,
            line.due,
            line.days_late,
            line.extensions,
            word(State(line.state)),
        ]
        if sheet.weeks is not None:
            values.append(week_mark(sheet.weeks.get(line.obligation_id, 1)))
        if sheet.inherited:
            values.append(sheet.inherited.get(line.obligation_id, ""))
        _row(page, HEAD_ROW + number, values)
        _fit_height(page, HEAD_ROW + number, values, columns)
    _finish(page, len(columns), HEAD_ROW + len(sheet.lines), landscape=True)


def _write_counts(page: Worksheet, sheet: _Sheet) -> None:
    columns = [(_("责任单位"), 26), (_("逾期项数"), 12), (_("其中牵头"), 12), (_("最长逾期（天）"), 16)]
    parts = by_department(sheet.lines)
    title = _("%(title)s：按单位汇总") % {"title": sheet.title}
    _head(page, title, (_("截至%(day)s") % {"day": day(sheet.as_of, weekday=False)}, ""), columns)
    for number, part in enumerate(parts, start=1):
        _row(page, HEAD_ROW + number, [part.department, len(part.lines), part.leads, part.longest])
    last = HEAD_ROW + len(parts)
    # The total stands outside the filter's range, so that sorting leaves it at the foot.
    _finish(page, len(columns), last, landscape=False)
    total: list[Value] = [
        _("合计"),
        len(sheet.lines),
        sum(part.leads for part in parts),
        max((part.longest for part in parts), default=0),
    ]
    _row(page, last + 1, total, bold=True)


def _head(page: Worksheet, title: str, notes: tuple[str, str], columns: Sequence[tuple[str, int]]) -> None:
    for row, (text, size) in enumerate(((title, 16), (notes[0], 11), (notes[1], 9)), start=1):
        cell = put(page, row, 1, text)
        cell.font = Font(name=FONT, size=size, bold=row == 1)
        cell.alignment = Alignment(vertical="center")
    page.row_dimensions[1].height = 26
    for number, (name, width) in enumerate(columns, start=1):
        cell = put(page, HEAD_ROW, number, name)
        cell.font = Font(name=FONT, size=10.5, bold=True)
        cell.fill = HEAD_FILL
        cell.border = BOX
        cell.alignment = Alignment(vertical="center", horizontal="center", wrap_text=True)
        page.column_dimensions[get_column_letter(number)].width = width
    page.row_dimensions[HEAD_ROW].height = 22


def _row(page: Worksheet, number: int, values: Sequence[Value], *, bold: bool = False) -> None:
    for place, value in enumerate(values, start=1):
        cell = put(page, number, place, value)
        cell.font = Font(name=FONT, size=10.5, bold=bold)
        cell.border = BOX


def _fit_height(page: Worksheet, number: int, values: Sequence[Value], columns: Sequence[tuple[str, int]]) -> None:
    """Said in the file: not every program grows a row to its wrapped text on opening."""
    lines = max(
        math.ceil(sum(1 if char.isascii() else 2 for char in value) / (width - 1))
        for value, (_name, width) in zip(values, columns, strict=True)
        if isinstance(value, str)
    )
    page.row_dimensions[number].height = min(max(lines, 1) * _LINE_POINTS, 400)


def _finish(page: Worksheet, columns: int, last_row: int, *, landscape: bool) -> None:
    # Names stay in sight when a wide sheet is moved sideways.
    page.freeze_panes = f"{'C' if landscape else 'B'}{HEAD_ROW + 1}"
    page.auto_filter.ref = f"A{HEAD_ROW}:{get_column_letter(columns)}{last_row}"
    page.print_title_rows = f"{HEAD_ROW}:{HEAD_ROW}"
    page.page_setup.orientation = "landscape" if landscape else "portrait"
    page.page_setup.paperSize = page.PAPERSIZE_A4
    page.page_setup.fitToWidth = 1
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.page_margins.left = page.page_margins.right = 0.4
    page.page_margins.top = page.page_margins.bottom = 0.6
    page.page_margins.footer = 0.25
    footer = page.oddFooter
    assert footer is not None
    footer.center.text = "— &P —"
    page.print_options.horizontalCentered = True
