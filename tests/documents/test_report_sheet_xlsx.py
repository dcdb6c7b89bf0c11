"""The fill-in sheet and the calendar of a digest, as programs read them."""

import io
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from app.documents.report_sheet_shape import (
    CODE_CELL,
    CODE_PROPERTY,
    FILLED_IN,
    HEAD_ROW,
    MARKS_ROW,
    SheetColumn,
    code_in,
    columns_in,
)
from app.documents.writing.due_dates_ics import due_dates_calendar
from app.documents.writing.report_sheet_xlsx import report_sheet
from app.domain.digest import Entry, entry_of
from app.domain.reminders import Heading, Matter
from app.domain.workflow import Role, State

DAY = date(2024, 11, 25)
AT = datetime(2024, 11, 25, 0, 30, tzinfo=UTC)
CODE = "0123456789abcdef01234567"


def entry(number: int, due: date | None = DAY, *, title: str = "开展宣传活动", revision: int = 1) -> Entry:
    what = Matter(
        obligation_id=number,
        department_id=1,
        plan_title="测试行动计划",
        task_number=f"1.{number}",
        task_title=title,
        phase="第一阶段",
        role=Role.LEAD,
        state=State.RETURNED,
        due=due,
        first_due=due,
        revision=revision,
        reason="请补充台账",
    )
    return entry_of(what, Heading.RETURNED, DAY)


def sheet_of(*entries: Entry, answers: bool = True) -> tuple[bytes, Worksheet]:
    content = report_sheet(entries, department="甲局", code=CODE, day=DAY, answers=answers)
    page = load_workbook(io.BytesIO(content)).worksheets[0]
    assert isinstance(page, Worksheet)
    return content, page


def test_the_reader_finds_code_and_columns() -> None:
    content, page = sheet_of(entry(7), entry(8, None))
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    places = columns_in(rows[MARKS_ROW - 1])
    assert places is not None
    assert [columns_in(row) for number, row in enumerate(rows, start=1) if number != MARKS_ROW] == [None] * (
        len(rows) - 1
    )
    assert [row[places[SheetColumn.OBLIGATION]] for row in rows[HEAD_ROW:]] == [7, 8]
    assert all(row[places[column]] is None for row in rows[HEAD_ROW:] for column in FILLED_IN)
    assert code_in(page[CODE_CELL].value) == CODE
    book = load_workbook(io.BytesIO(content))
    assert {one.name: one.value for one in book.custom_doc_props.props} == {CODE_PROPERTY: CODE}  # type: ignore[attr-defined]


def test_only_what_is_to_be_filled_in_is_open() -> None:
    _content, page = sheet_of(entry(7))
    assert page.protection.sheet
    open_ = {cell.column for row in page.iter_rows() for cell in row if not cell.protection.locked}
    assert open_ == {place for place, column in enumerate(SheetColumn, start=1) if column in FILLED_IN}
    assert page.row_dimensions[MARKS_ROW].hidden
    (choices,) = (one for one in page.data_validations.dataValidation if one.type == "list")
    assert (choices.formula1, str(choices.sqref)) == ('"是,否"', "J7")
    assert (page.page_setup.orientation, page.page_setup.paperSize) == ("landscape", 9)


def test_without_an_inbox_it_does_not_ask_to_be_sent_back() -> None:
    said = str(sheet_of(entry(7), answers=False)[1]["A3"].value)
    assert "回复" not in said


@settings(max_examples=25, deadline=None)
@given(title=st.text(max_size=60), start=st.sampled_from("=+-@＝"))
def test_whatever_a_task_is_called_is_no_formula_and_breaks_neither_file(title: str, start: str) -> None:
    named = entry(7, title=start + title)
    _content, page = sheet_of(named)
    assert {cell.data_type for row in page.iter_rows() for cell in row} <= {"s", "n", "d"}
    (event,) = Calendar.from_ical(due_dates_calendar([named], site="http://localhost", zone="UTC", at=AT)).walk(
        "VEVENT"
    )
    assert str(event["summary"]).startswith("督办到期：")


def test_a_date_that_moves_is_the_same_event_with_a_later_sequence() -> None:
    first, moved = (
        Calendar.from_ical(due_dates_calendar([one], site="https://duban.example.org", zone="Asia/Shanghai", at=AT))
        for one in (entry(7), entry(7, DAY + timedelta(days=30), revision=4))
    )
    assert (first["method"], first["version"]) == ("PUBLISH", "2.0")
    (before,), (after,) = first.walk("VEVENT"), moved.walk("VEVENT")
    assert before["uid"] == after["uid"] == "obligation-7@duban.example.org"
    assert (before["sequence"], after["sequence"]) == (1, 4)
    assert (before["dtstart"].dt, before["dtend"].dt) == (DAY, DAY + timedelta(days=1))
    assert after["dtstart"].dt == DAY + timedelta(days=30)
    assert before.walk("VALARM") == []


def test_lines_are_folded_and_what_has_no_date_is_left_out() -> None:
    content = due_dates_calendar(
        [entry(7, title="长" * 200), entry(8, None)], site="http://localhost", zone="Asia/Shanghai", at=AT
    )
    assert all(len(line) <= 75 for line in content.split(b"\r\n")), "RFC 5545 3.1, in octets"
    assert content.count(b"BEGIN:VEVENT") == 1
