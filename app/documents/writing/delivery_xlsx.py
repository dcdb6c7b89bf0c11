"""What became of a run's mails as a spreadsheet, person by person."""

import io
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from app.documents.writing.sheet_cells import BOX, FONT, HEAD_FILL, clean, put
from app.domain.delivery import Delivery
from app.i18n import gettext as _
from app.queries.run_delivery import DeliveryRow, UnaddressedRow
from app.words import word

HEAD_ROW = 2
_WIDTHS = (24, 24, 30, 10, 14, 18, 40, 10, 18, 12, 18)


def _columns() -> tuple[str, ...]:
    return (
        _("收件人"),
        _("单位"),
        _("邮箱"),
        _("列入事项"),
        _("状态"),
        _("发出时间"),
        _("邮件服务器答复或未发出的原因"),
        _("再次发送"),
        _("打开填报页"),
        _("已填报事项"),
        _("最近填报"),
    )


def delivery_workbook(
    rows: Iterable[DeliveryRow], unaddressed: Iterable[UnaddressedRow], *, title: str, zone: str
) -> bytes:
    """The bytes of the .xlsx file, in the language that is set."""
    book = Workbook()
    book.properties.creator = _("督办")
    book.properties.title = clean(title)
    page = book.active
    assert isinstance(page, Worksheet)
    page.title = _("发送情况")
    put(page, 1, 1, title).font = Font(name=FONT, size=16, bold=True)
    for number, (name, width) in enumerate(zip(_columns(), _WIDTHS, strict=True), start=1):
        cell = put(page, HEAD_ROW, number, name)
        cell.font, cell.fill, cell.border = Font(name=FONT, size=10.5, bold=True), HEAD_FILL, BOX
        page.column_dimensions[get_column_letter(number)].width = width
    at = HEAD_ROW
    for row in rows:
        at += 1
        for number, value in enumerate(_line(row, zone), start=1):
            put(page, at, number, value)
    for one in unaddressed:
        at += 1
        said = (one.name, one.department or word(one.role), "", "", word(Delivery.UNADDRESSED))
        for number, value in enumerate(said, start=1):
            put(page, at, number, value)
    page.freeze_panes = f"B{HEAD_ROW + 1}"
    page.auto_filter.ref = f"A{HEAD_ROW}:{get_column_letter(len(_WIDTHS))}{at}"
    page.page_setup.orientation = "landscape"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _line(row: DeliveryRow, zone: str) -> tuple[str | int, ...]:
    state = word(row.standing)
    return (
        row.to_name,
        row.department or word(row.role),
        row.to_address,
        row.listed,
        _("%(state)s，可能已发送") % {"state": state} if row.in_doubt else state,
        _moment(row.sent_at, zone),
        row.bounce or row.error or row.answer,
        row.copies,
        _moment(row.opened_at, zone),
        row.reported,
        _moment(row.reported_at, zone),
    )


def _moment(at: datetime | None, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" if at else ""
