"""A reply to a reminder becomes an answer that its department has to confirm."""

import io

import pytest
from openpyxl import load_workbook

from app.documents.report_sheet_shape import HEAD_ROW, MARKS
from app.documents.writing.report_sheet_xlsx import report_sheet
from app.domain.digest import Entry
from app.domain.reminders import Heading, Matter
from app.domain.workflow import Role, State
from app.models.inbound_mail import InboundKind
from app.models.mailed_answer import AnswerState
from tests.conftest import TODAY
from tests.documents import samples
from tests.history import History
from tests.inbox.conftest import Office


def quoted(office: Office, login: str) -> str:
    return "\n".join(f"> {line}" for line in office.letter(login).text.split("\n"))


def test_of_one_item_the_whole_answer_speaks(office: Office, history: History) -> None:
    text = f"已举办3场宣传活动：\n1. 进社区\n2. 进学校\n\n发自我的iPhone\n\n在 2024年11月25日，08:30，督办系统 <duban@x.cn> 写道：\n{quoted(office, '甲局联络员')}"
    taken = office.take(office.reply("甲局联络员", text))
    assert taken.kind is InboundKind.ANSWER
    (answer,) = office.answers()
    assert answer.obligation_id == history.key("甲局")
    assert answer.typed["text"] == "已举办3场宣传活动：\n1. 进社区\n2. 进学校"
    assert (answer.state, answer.typed["faults"]) == (AnswerState.WAITING, [])
    (mail,) = office.inbound()
    assert mail.outcome == "1项答复待单位确认。"
    assert mail.text.startswith("已举办3场")
    assert "督办提醒" not in mail.text


def test_several_items_are_told_apart_by_their_numbers(office: Office, history: History) -> None:
    office.take(office.reply("乙局联络员", "各项进展如下：\n1. 配合完成\n共3场\n2、正在采购"))
    found = {answer.obligation_id: answer.typed["text"] for answer in office.answers()}
    assert found == {history.key("乙局"): "配合完成\n共3场", history.key("乙局", "2.1"): "正在采购"}


def test_or_by_the_place_between_the_quoted_lines(office: Office, history: History) -> None:
    lines = quoted(office, "乙局联络员").split("\n")
    place = next(at for at, line in enumerate(lines) if f"/obligations/{history.key('乙局', '2.1')}" in line)
    text = "\n".join(["在 2024-11-25 08:30:00，“督办系统” 写道：", *lines[: place + 1], "已完成", *lines[place + 1 :]])
    office.take(office.reply("乙局联络员", text))
    assert [(one.obligation_id, one.typed["text"]) for one in office.answers()] == [
        (history.key("乙局", "2.1"), "已完成")
    ]


def test_what_speaks_of_no_item_for_certain_is_kept_for_the_department(office: Office) -> None:
    office.take(office.reply("乙局联络员", "都在正常推进，预计年底前完成。"))
    (answer,) = office.answers()
    assert (answer.obligation_id, answer.typed["text"]) == (None, "都在正常推进，预计年底前完成。")


def test_a_mail_of_html_alone_is_read(office: Office) -> None:
    letter = office.letter("甲局联络员")
    message = office.reply("甲局联络员", "")
    message.clear_content()
    message.set_content(
        f"<style>p{{}}</style><p>已完成<b>三场</b></p><p>发自我的华为手机</p><blockquote>{letter.html}</blockquote>",
        subtype="html",
    )
    office.take(message)
    assert [one.typed["text"] for one in office.answers()] == ["已完成三场"]


def test_files_that_may_be_evidence_are_kept_and_the_others_are_named(office: Office) -> None:
    message = office.reply("甲局联络员", "材料见附件")
    message.add_attachment(samples.PDF, maintype="application", subtype="pdf", filename="活动照片.pdf")
    message.add_attachment(b"MZ\x90", maintype="application", subtype="octet-stream", filename="安装.exe")
    taken = office.take(message)
    (answer,) = office.answers()
    assert len(answer.typed["kept"]) == 1
    assert "“安装.exe”的类型不可上传" in taken.outcome


def test_files_beside_an_answer_to_several_items_wait_to_be_attributed(office: Office) -> None:
    message = office.reply("乙局联络员", "1. 已完成\n2. 已完成")
    message.add_attachment(samples.PDF, maintype="application", subtype="pdf", filename="照片.pdf")
    office.take(message)
    assert {one.obligation_id is None: len(one.typed["kept"]) for one in office.answers()} == {False: 0, True: 1}


def with_sheet(office: Office, login: str, filled: dict[int, dict[str, object]]) -> bytes:
    """The sheet of the reminder with what was typed, by obligation and mark of the column."""
    letter = office.letter(login)
    code = letter.message_id.rpartition("@")[0].rpartition(".")[2]
    entries = [
        Entry(Heading.OVERDUE, Matter(key, 1, "规划", "1.1", "任务", "阶段", Role.LEAD, State.OPEN, TODAY, TODAY, 1), 0)
        for key in filled
    ]
    content = report_sheet(entries, department="乙局", code=code, day=TODAY, answers=True)
    book = load_workbook(io.BytesIO(content))
    page = book.active
    for place, values in enumerate(filled.values(), start=HEAD_ROW + 1):
        for mark, value in values.items():
            page.cell(place, MARKS.index(mark) + 1).value = value  # type: ignore[union-attr]
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


XLSX = {"maintype": "application", "subtype": "vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def test_the_filled_in_sheet_answers_row_by_row(office: Office, history: History) -> None:
    first, second = history.key("乙局"), history.key("乙局", "2.1")
    sheet = with_sheet(
        office,
        "乙局联络员",
        {
            first: {"text": "已完成", "percent": 1, "completion": "是"},
            second: {"text": "", "difficulties": "缺经费", "percent": "六成"},
        },
    )
    message = office.reply("乙局联络员", "请见附件。", In_Reply_To="", References="")  # found by the code in the sheet
    message.add_attachment(sheet, filename="填报表.xlsx", **XLSX)
    taken = office.take(message)
    found = {one.obligation_id: one.typed for one in office.answers()}
    assert set(found) == {first, second}, taken.outcome
    assert (found[first]["kind"], found[first]["text"]) == ("completion", "已完成")
    assert found[second]["difficulties"] == "缺经费"
    assert found[second]["faults"] == ["填报表第8行：完成比例“六成”应为0至100的整数。"]
    assert found[first]["kept"] == []


def test_foreign_rows_and_formulas_of_a_sheet_are_not_taken(office: Office, history: History) -> None:
    own, foreign = history.key("乙局"), history.key("丙局", "2.1")
    sheet = with_sheet(
        office, "乙局联络员", {own: {"text": '=HYPERLINK("http://x")', "percent": 60}, foreign: {"text": "冒名"}}
    )
    message = office.reply("乙局联络员", "见附件")
    message.add_attachment(sheet, filename="填报表.xlsx", **XLSX)
    taken = office.take(message)
    (answer,) = office.answers()
    assert (answer.obligation_id, answer.typed["text"], answer.typed["percent"]) == (own, "", "60")
    assert answer.typed["faults"] == ["填报表第7行：填了公式，请改填结果。"]
    assert "第8行的编号不在提醒所列的本单位事项中" in taken.outcome


def test_somebody_elses_sheet_says_nothing(office: Office, history: History) -> None:
    sheet = with_sheet(office, "甲局联络员", {history.key("甲局"): {"text": "冒名"}})
    message = office.reply("乙局联络员", "见附件")
    message.add_attachment(sheet, filename="填报表.xlsx", **XLSX)
    taken = office.take(message)
    assert "第7行的编号不在" in taken.outcome
    assert [one.typed["text"] for one in office.answers()] == ["见附件"]


@pytest.mark.parametrize("which", ["macros", "bomb", "damaged"])
def test_a_dangerous_sheet_is_not_opened(office: Office, history: History, which: str) -> None:
    sheet = with_sheet(office, "乙局联络员", {history.key("乙局"): {"text": "已完成"}})
    content = {
        "macros": samples.with_entry(sheet, "xl/vbaProject.bin", b"code"),
        "bomb": samples.with_entry(sheet, "xl/media/1.xml", bytes(60 * 1024 * 1024)),
        "damaged": sheet[:-200],
    }[which]
    message = office.reply("乙局联络员", "见附件表格，请审阅。")
    message.add_attachment(content, filename="填报表.xlsx", **XLSX)
    taken = office.take(message)
    assert "填报表.xlsx" in taken.outcome
    assert [one.typed["kept"] for one in office.answers()] == [[]]


def test_the_same_mail_is_one_row_and_the_same_words_are_one_answer(office: Office) -> None:
    message = office.reply("甲局联络员", "已完成三场")
    assert office.take(message).kind is InboundKind.ANSWER
    assert office.take(message).kind is None
    again = office.take(office.reply("甲局联络员", "已完成三场", number=2))
    assert again.outcome == "内容与此前收到的答复相同，未重复登记。"
    assert (len(office.inbound()), len(office.answers())) == (2, 1)


def test_the_head_of_the_department_may_answer_too(office: Office, history: History) -> None:
    letter = office.letter("甲局负责人")
    office.take(office.reply("甲局负责人", "已督促。"))
    assert letter.account_id == office.account("甲局负责人").id
    assert [one.obligation_id for one in office.answers()] == [history.key("甲局")]


def test_what_is_done_meanwhile_is_attributed_all_the_same(office: Office, history: History) -> None:
    history.submit(history.key("甲局"), TODAY)
    office.take(office.reply("甲局联络员", "补充一点"))
    assert [one.obligation_id for one in office.answers()] == [history.key("甲局")]


def test_an_empty_answer_is_said_to_be_empty(office: Office) -> None:
    taken = office.take(
        office.reply(
            "甲局联络员", f"\n\n------------------ 原始邮件 ------------------\n{quoted(office, '甲局联络员')}"
        )
    )
    assert taken.outcome == "没有读到新写的内容。"
    assert office.answers() == []
