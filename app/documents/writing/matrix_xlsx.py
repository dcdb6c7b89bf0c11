"""The responsibility matrix as a spreadsheet that prints on A3."""

import io
from datetime import date

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from app.documents.writing.sheet_cells import BOX, FONT, HEAD_FILL, Value, clean, put
from app.domain.workflow import Role
from app.i18n import gettext as _
from app.i18n import officially
from app.queries.responsibilities import Mark
from app.queries.responsibility_matrix import Group, Line, Matrix
from app.words import day, word

SIGNS = {Role.LEAD: "●", Role.SUPPORT: "○", Role.SHARED: "◇"}
HEAD_ROW = 4
_PLAIN, _BOLD = Font(name=FONT, size=10), Font(name=FONT, size=10, bold=True)
_SIGN = Alignment(horizontal="center", vertical="center", wrap_text=True)
FIRST_UNIT = 3  # the column behind number and title


@officially()
def matrix_workbook(matrix: Matrix, *, title: str, as_of: date, lights: bool = False) -> bytes:
    """The bytes of the .xlsx file; with `lights` the word of how things stand is under each sign."""
    book = Workbook()
    book.properties.creator = _("督办")
    book.properties.title = clean(title)
    page = book.active
    assert isinstance(page, Worksheet)
    page.title = _("责任矩阵")
    _heading(page, matrix, title, as_of)
    _column_heads(page, matrix)
    row = HEAD_ROW
    for group in matrix.groups:
        row += 1
        _area(page, row, group, _width(matrix))
        for line in group.lines:
            row += 1
            _line(page, row, line, matrix, lights=lights)
    _sums(page, row + 1, matrix)
    _finish(page, _width(matrix))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _width(matrix: Matrix) -> int:
    return FIRST_UNIT - 1 + len(matrix.columns) + len(matrix.used)


def _heading(page: Worksheet, matrix: Matrix, title: str, as_of: date) -> None:
    legend = "　".join(f"{SIGNS[role]} {word(role)}" for role in matrix.used)
    summary = _("截至%(day)s，%(tasks)s项任务，%(departments)s个单位。") % {
        "day": day(as_of, weekday=False),
        "tasks": matrix.tasks,
        "departments": len(matrix.columns),
    }
    heading = _("%(plan)s责任矩阵") % {"plan": title}
    for row, (text, size) in enumerate(((heading, 16), (summary, 11), (legend, 11)), start=1):
        cell = put(page, row, 1, text)
        cell.font = Font(name=FONT, size=size, bold=row == 1)
        cell.alignment = Alignment(vertical="center")
    page.row_dimensions[1].height = 26


def _column_heads(page: Worksheet, matrix: Matrix) -> None:
    names = [_("编号"), _("任务"), *(column.name for column in matrix.columns), *(word(role) for role in matrix.used)]
    for number, name in enumerate(names, start=1):
        cell = put(page, HEAD_ROW, number, name)
        cell.font = Font(name=FONT, size=10, bold=True)
        cell.fill = HEAD_FILL
        cell.border = BOX
        narrow = number >= FIRST_UNIT
        # 255 stands for letters one below the other, as Chinese is written upright.
        cell.alignment = Alignment(horizontal="center", vertical="center", text_rotation=255 if narrow else 0)
        page.column_dimensions[get_column_letter(number)].width = 4.6 if narrow else (8, 38)[number - 1]
    longest = max((len(name) for name in names[FIRST_UNIT - 1 :]), default=1)
    page.row_dimensions[HEAD_ROW].height = 14.0 * longest + 8


def _area(page: Worksheet, row: int, group: Group, width: int) -> None:
    name = f"{group.area.number} {group.area.title}" if group.area else word(group.kind)
    for column in range(1, width + 1):
        cell = put(page, row, column, name if column == 1 else "")
        cell.fill = HEAD_FILL
        cell.font = Font(name=FONT, size=10.5, bold=True)
        cell.alignment = Alignment(vertical="center")


def _line(page: Worksheet, row: int, line: Line, matrix: Matrix, *, lights: bool) -> None:
    values: list[Value] = [line.task.number, line.task.title]
    values += [_sign(mark, lights=lights) for mark in line.marks]
    values += [line.sums.by_role[role] or "" for role in matrix.used]
    _values(page, row, values)


def _sign(mark: Mark | None, *, lights: bool) -> str:
    if mark is None:
        return ""
    return f"{SIGNS[mark.role]}\n{word(mark.light)}" if lights and mark.light else SIGNS[mark.role]


def _sums(page: Worksheet, row: int, matrix: Matrix) -> None:
    for place, role in enumerate(matrix.used):
        values: list[Value] = ["", _("%(role)s项数") % {"role": word(role)}]
        values += [column.sums.by_role[role] or "" for column in matrix.columns]
        values += [matrix.sums.by_role[role] if other is role else "" for other in matrix.used]
        _values(page, row + place, values, bold=True)


def _values(page: Worksheet, row: int, values: list[Value], *, bold: bool = False) -> None:
    for number, value in enumerate(values, start=1):
        cell = put(page, row, number, value)
        cell.font = _BOLD if bold else _PLAIN
        cell.border = BOX
        if number >= FIRST_UNIT:
            cell.alignment = _SIGN


def _finish(page: Worksheet, width: int) -> None:
    page.freeze_panes = f"{get_column_letter(FIRST_UNIT)}{HEAD_ROW + 1}"
    page.print_title_rows = f"{HEAD_ROW}:{HEAD_ROW}"
    page.page_setup.orientation = "landscape"
    page.page_setup.paperSize = 8  # A3 in the format's list of papers
    page.page_setup.fitToWidth = 1
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.page_margins.left = page.page_margins.right = 0.35
    page.page_margins.top = page.page_margins.bottom = 0.4
    page.print_area = f"A1:{get_column_letter(width)}{page.max_row}"
