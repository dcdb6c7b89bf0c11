"""The fill-in sheet of a reminder: what is owed stands there to be read, beside it are cells to be filled in.

The facts and the key are locked, without a password: that keeps fingers off and stops nobody, and the reader trusts
nothing but the key and what was filled in. See `app/documents/report_sheet_shape.py`.
"""

import io
import math
from collections.abc import Sequence
from datetime import date

from openpyxl import Workbook
from openpyxl.packaging.custom import StringProperty
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from app.documents.report_sheet_shape import (
    CODE_CELL,
    CODE_PROPERTY,
    FILLED_IN,
    HEAD_ROW,
    LIMIT,
    MARKS,
    MARKS_ROW,
    NO,
    YES,
    SheetColumn,
    headings,
)
from app.documents.writing.sheet_cells import BOX, FONT, HEAD_FILL, Value, clean, put
from app.domain.digest import Entry
from app.domain.workflow import State
from app.i18n import gettext as _
from app.i18n import ngettext, officially
from app.words import day as in_words
from app.words import word

_WIDTHS = {
    SheetColumn.OBLIGATION: 7,
    SheetColumn.TASK: 26,
    SheetColumn.PLAN: 20,
    SheetColumn.DUE: 11,
    SheetColumn.STANDING: 18,
    SheetColumn.TEXT: 36,
    SheetColumn.DIFFICULTIES: 22,
    SheetColumn.NEXT_STEP: 22,
    SheetColumn.PERCENT: 11,
    SheetColumn.COMPLETION: 11,
}
_LINE_POINTS = 15.5
_LEAST_LINES = 3  # room to write into
_PAPER = PatternFill("solid", fgColor="FFFFFDF3")  # what is to be filled in
_CENTRED = Alignment(vertical="center", horizontal="center", wrap_text=True)


@officially()
def report_sheet(entries: Sequence[Entry], *, department: str, code: str, day: date, answers: bool) -> bytes:
    """The bytes of the .xlsx file. `code`: the reply code of the mail. `answers`: whether it may be sent back."""
    book = Workbook()
    book.properties.creator = _("督办")
    book.properties.title = clean(_("进展填报表"))
    book.custom_doc_props.append(StringProperty(name=CODE_PROPERTY, value=code))  # type: ignore[attr-defined]
    page = book.active
    assert isinstance(page, Worksheet)
    page.title = _("进展填报表")
    _write_head(page, department, code, day, answers=answers)
    for number, entry in enumerate(entries, start=HEAD_ROW + 1):
        _write_entry(page, number, entry)
    _offer_choices(page, HEAD_ROW + len(entries))
    _finish(page, HEAD_ROW + len(entries))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _write_head(page: Worksheet, department: str, code: str, day: date, *, answers: bool) -> None:
    title = _("%(department)s进展填报表") % {"department": department}
    explained = (
        _("请填写浅黄色单元格后保存，作为附件直接回复原邮件。收到的内容先存为草稿，由贵单位在系统中确认后提交。")
        if answers
        else _("请填写浅黄色单元格，再据此在系统中填报。")
    )
    lines = (
        (1, title, 16),
        (2, _("截至%(day)s") % {"day": in_words(day)}, 10.5),
        (3, explained + _("不填的事项留空即可；其他单元格已锁定，请勿增删列。"), 10.5),
    )
    for row, text, size in lines:
        cell = put(page, row, 1, text)
        cell.font = Font(name=FONT, size=size, bold=row == 1)
        cell.alignment = Alignment(vertical="center")
    page.row_dimensions[1].height = 26
    label = put(page, 4, 1, _("回执码"))
    label.font = Font(name=FONT, size=9)
    label.alignment = Alignment(vertical="center")
    row, place = coordinate_to_tuple(CODE_CELL)
    put(page, row, place, code).font = Font(name="Consolas", size=9)
    names = headings()
    for place, column in enumerate(SheetColumn, start=1):
        put(page, MARKS_ROW, place, MARKS[place - 1])
        cell = put(page, HEAD_ROW, place, names[column])
        cell.font = Font(name=FONT, size=10.5, bold=True)
        cell.fill = HEAD_FILL
        cell.border = BOX
        cell.alignment = _CENTRED
        page.column_dimensions[get_column_letter(place)].width = _WIDTHS[column]
    page.row_dimensions[MARKS_ROW].hidden = True
    page.row_dimensions[HEAD_ROW].height = 32


def _write_entry(page: Worksheet, row: int, entry: Entry) -> None:
    facts = _facts(entry)
    for place, column in enumerate(SheetColumn, start=1):
        cell = page.cell(row, place) if column in FILLED_IN else put(page, row, place, facts.get(column, ""))
        cell.font = Font(name=FONT, size=10.5)
        cell.border = BOX
        if column in FILLED_IN:
            cell.fill = _PAPER
            cell.protection = Protection(locked=False)
            narrow = column in {SheetColumn.PERCENT, SheetColumn.COMPLETION}
            cell.alignment = _CENTRED if narrow else Alignment(vertical="top", wrap_text=True)
            if not narrow:
                cell.number_format = "@"  # what is typed stays text: no formula, no date
    lines = max(_lines(str(value), _WIDTHS[column]) for column, value in facts.items())
    page.row_dimensions[row].height = min(max(lines, _LEAST_LINES) * _LINE_POINTS, 400)


def _facts(entry: Entry) -> dict[SheetColumn, Value]:
    matter = entry.matter
    return {
        SheetColumn.OBLIGATION: matter.obligation_id,
        SheetColumn.TASK: _("%(number)s %(title)s（%(role)s）")
        % {"number": matter.task_number, "title": matter.task_title, "role": word(matter.role)},
        SheetColumn.PLAN: f"{matter.plan_title} {matter.phase}",
        SheetColumn.DUE: matter.due or _("原文未定日期"),
        SheetColumn.STANDING: _standing(entry),
    }


def _standing(entry: Entry) -> str:
    said = word(entry.heading)
    if entry.days is not None and entry.days < 0:
        said = ngettext("逾期%(days)s天", "逾期%(days)s天", -entry.days) % {"days": -entry.days}
    elif entry.days == 0:
        said = _("今天到期")
    elif entry.days is not None:
        said = ngettext("剩%(days)s天", "剩%(days)s天", entry.days) % {"days": entry.days}
    if entry.matter.state is State.RETURNED:
        reason = entry.matter.reason
        returned = _("已退回：%(reason)s") % {"reason": reason} if reason else _("已退回")
        return f"{said} {returned}"
    return said


def _lines(text: str, width: float) -> int:
    return math.ceil(sum(1 if sign.isascii() else 2 for sign in text) / (width - 1))


def _offer_choices(page: Worksheet, last: int) -> None:
    letters = {column: get_column_letter(place) for place, column in enumerate(SheetColumn, start=1)}

    def over(column: SheetColumn) -> str:
        return f"{letters[column]}{HEAD_ROW + 1}:{letters[column]}{last}"

    choice = DataValidation(
        type="list",
        formula1=f'"{YES},{NO}"',
        allow_blank=True,
        showErrorMessage=True,
        errorTitle=_("申请办结"),
        error=_("请选择“是”或“否”。"),
    )
    choice.add(over(SheetColumn.COMPLETION))
    percent = DataValidation(
        type="whole",
        operator="between",
        formula1="0",
        formula2="100",
        allow_blank=True,
        showErrorMessage=True,
        errorTitle=_("完成比例"),
        error=_("完成比例应为0至100的整数。"),
    )
    percent.add(over(SheetColumn.PERCENT))
    length = DataValidation(
        type="textLength",
        operator="lessThanOrEqual",
        formula1=str(LIMIT),
        allow_blank=True,
        showErrorMessage=True,
        errorTitle=_("内容过长"),
        error=_("不得超过%(limit)s字。") % {"limit": LIMIT},
    )
    for column in (SheetColumn.TEXT, SheetColumn.DIFFICULTIES, SheetColumn.NEXT_STEP):
        length.add(over(column))
    for validation in (choice, percent, length):
        page.add_data_validation(validation)


def _finish(page: Worksheet, last: int) -> None:
    page.protection.sheet = True
    # Whoever fills it in may make a row higher, to see what he wrote, and narrow a column.
    page.protection.formatRows = False
    page.protection.formatColumns = False
    page.freeze_panes = f"C{HEAD_ROW + 1}"
    page.print_title_rows = f"{HEAD_ROW}:{HEAD_ROW}"
    page.print_area = f"A1:{get_column_letter(len(MARKS))}{last}"
    page.page_setup.orientation = "landscape"
    page.page_setup.paperSize = page.PAPERSIZE_A4
    page.page_setup.fitToWidth = 1
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    page.page_margins.left = page.page_margins.right = 0.4
    page.page_margins.top = page.page_margins.bottom = 0.6
    footer = page.oddFooter
    assert footer is not None
    footer.center.text = "— &P —"
