import io
import zipfile
from datetime import date, datetime

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from app.documents.writing.overdue_xlsx import overdue_workbook
from app.domain.workflow import Role
from app.queries.overdue import OverdueItem
from tests.documents.lines import AS_OF, line

LINES = [
    line(1, department="甲局"),
    line(2, department="乙局", role=Role.SHARED, days=30, moved_by=300),
    line(3, department="乙局", role=Role.SUPPORT, days=700),
]


def book(lines: list[OverdueItem], **options: object) -> Workbook:
    content = overdue_workbook(lines, title="测试区逾期清单", as_of=AS_OF, **options)  # type: ignore[arg-type]
    return load_workbook(io.BytesIO(content))


def sheets(lines: list[OverdueItem], **options: object) -> tuple[Worksheet, Worksheet]:
    first, second = book(lines, **options).worksheets
    return first, second


def test_the_head_says_what_the_list_is() -> None:
    page, counts = sheets(LINES, remarks=["校验码 abc"])
    assert page["A1"].value == "测试区逾期清单"
    assert page["A2"].value == "截至2024年11月25日，共3项逾期，涉及2个单位。"
    assert page["A3"].value == "校验码 abc"
    assert page.title == "逾期清单"
    assert counts.title == "按单位汇总"


def test_every_line_is_a_row_in_the_order_given() -> None:
    page, _counts = sheets(LINES)
    head = [cell.value for cell in page[4]]
    assert head == [
        "序号", "责任单位", "分工", "规划", "任务编号", "任务", "阶段", "原定期限", "现行期限", "逾期天数", "延期次数", "状态",
    ]  # fmt: skip
    row = dict(zip(head, (cell.value for cell in page[6]), strict=True))
    assert row["序号"] == 2
    assert (row["责任单位"], row["分工"], row["任务编号"], row["状态"]) == ("乙局", "按职责分工", "1.1", "办理中")
    assert (row["逾期天数"], row["延期次数"]) == (30, 1)
    assert page.max_row == 4 + len(LINES)


def test_dates_are_real_dates() -> None:
    page, _counts = sheets(LINES)
    assert page["H6"].value == datetime(2023, 12, 31)  # noqa: DTZ001 (a spreadsheet knows no zones)
    assert page["I6"].value == datetime(2024, 10, 26)  # noqa: DTZ001
    assert page["I6"].is_date
    assert page["E5"].value == "1.1"  # a task's number is a name and no figure
    assert page["E5"].data_type == "s"


def test_the_page_is_made_for_printing_and_filtering() -> None:
    page, counts = sheets(LINES)
    assert page.auto_filter.ref == "A4:L7"
    assert page.freeze_panes == "C5"
    assert page.print_title_rows == "$4:$4"
    assert (page.page_setup.orientation, page.page_setup.paperSize) == ("landscape", 9)
    assert (page.page_setup.fitToWidth, page.page_setup.fitToHeight) == (1, 0)
    assert page.sheet_properties.pageSetUpPr is not None
    assert page.sheet_properties.pageSetUpPr.fitToPage
    assert page.column_dimensions["F"].width > page.column_dimensions["A"].width
    assert counts.freeze_panes == "B5"
    assert counts.auto_filter.ref == "A4:D6"  # without the total


def test_counts_by_department_add_up() -> None:
    _page, counts = sheets(LINES)
    rows = [[cell.value for cell in row] for row in counts.iter_rows(min_row=5)]
    assert rows == [["乙局", 2, 0, 700], ["甲局", 1, 1, 330], ["合计", 3, 1, 700]]


def test_what_changed_since_the_last_list_has_a_column_of_its_own() -> None:
    page, _counts = sheets(LINES, weeks={1: 1, 2: 2, 3: 9})
    assert [page.cell(row, 13).value for row in range(4, 8)] == ["与上期相比", "新增", "连续2期", "连续9期"]
    assert page.auto_filter.ref == "A4:M7"


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://example.org")', "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_looks_like_a_formula_stays_text(text: str) -> None:
    content = overdue_workbook([line(title=text, department=text)], title=text, as_of=AS_OF)
    page, counts = load_workbook(io.BytesIO(content)).worksheets
    for cell in (page["F5"], page["B5"], counts["A5"], page["A1"]):
        assert cell.data_type == "s"
        assert cell.quotePrefix
    assert page["F5"].value.replace("\n", "\r") == text.replace("\n", "\r")
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        for name in package.namelist():
            if name.startswith("xl/worksheets/"):
                assert b"<f>" not in package.read(name)


@pytest.mark.parametrize("text", ["#N/A", "#REF!", "2024-01-01", "1.10", "TRUE"])
def test_text_is_never_taken_for_something_else(text: str) -> None:
    page, _counts = sheets([line(title=text)])
    assert (page["F5"].value, page["F5"].data_type) == (text, "s")
    assert not page["F5"].quotePrefix


@pytest.mark.parametrize("text", ["长" * 40_000, "👍🏽", "‮目录", "a\x00b\x0bc", "第一行\n第二行"])
def test_any_text_survives(text: str) -> None:
    page, _counts = sheets([line(title=text)])
    assert page["F5"].value == text.replace("\x00", "").replace("\x0b", "")[:32767]


def test_an_empty_list_is_a_file_too() -> None:
    page, counts = sheets([])
    assert page["A2"].value == "截至2024年11月25日，共0项逾期，涉及0个单位。"
    assert page.auto_filter.ref == "A4:L4"
    assert [cell.value for cell in counts[5]] == ["合计", 0, 0, 0]


def test_dates_before_the_spreadsheets_own_time_are_refused_by_nobody() -> None:
    page, _counts = sheets([line(days=(AS_OF - date(1990, 1, 1)).days)])
    assert page["I5"].value == datetime(1990, 1, 1)  # noqa: DTZ001
