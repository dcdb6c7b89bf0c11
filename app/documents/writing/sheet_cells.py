"""Cells of our spreadsheets: whatever is typed somewhere stays text, in the font of official papers."""

from datetime import date

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Border, PatternFill, Side
from openpyxl.worksheet.worksheet import Worksheet

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FONT = "宋体"
# A cell that begins with one of these is a formula, or becomes one when it is edited or saved as CSV; some spreadsheets
# take the wide signs of a Chinese keyboard for them (OWASP, CSV Injection; ASVS 5.0 1.2.10).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_DATE_FORMAT = "yyyy-mm-dd"
_GREY = Side(style="thin", color="FFB5B5B5")
BOX = Border(left=_GREY, right=_GREY, top=_GREY, bottom=_GREY)
HEAD_FILL = PatternFill("solid", fgColor="FFEDEBE4")
_TEXT = Alignment(vertical="center", wrap_text=True)
CENTRE = Alignment(vertical="center", horizontal="center")

Value = str | int | date


def clean(text: str) -> str:
    """Without the control characters that the format forbids."""
    return ILLEGAL_CHARACTERS_RE.sub("", text)


def put(page: Worksheet, row: int, column: int, value: Value) -> Cell:
    cell = page.cell(row, column)
    assert isinstance(cell, Cell)  # a value goes into the first cell of what is merged
    if isinstance(value, str):
        text = clean(value)
        cell.value = text
        # Whatever it looks like, it is text: openpyxl would make a formula or an error of "=…" and "#N/A".
        cell.data_type = "s"
        cell.quotePrefix = text.startswith(FORMULA_STARTS)
        cell.alignment = _TEXT
        return cell
    cell.value = value
    cell.alignment = CENTRE
    if isinstance(value, date):
        cell.number_format = _DATE_FORMAT
    return cell
