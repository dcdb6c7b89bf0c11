import io
import zipfile
from dataclasses import replace
from datetime import date

import pytest
from docx import Document
from docx.document import Document as DocxDocument
from docx.shared import Mm, Pt

from app.documents.writing.circular_docx import Circular, Since, circular_docx
from app.domain.workflow import Role
from tests.documents.lines import AS_OF, line

LINES = [
    line(1, department="甲局"),
    line(2, department="乙局", role=Role.SHARED, days=30, moved_by=300),
    line(3, department="乙局", role=Role.SUPPORT, days=700),
]
CIRCULAR = Circular(
    name="〔2024〕第12期",
    region="测试区",
    office="秘书处（残联）",
    as_of=AS_OF,
    issued_on=date(2024, 11, 26),
    lines=LINES,
    weeks={1: 1, 2: 2, 3: 3},
    since=Since(name="〔2024〕第11期", as_of=date(2024, 11, 18), fresh=1, cleared=4, extended=2),
)


def opened(circular: Circular) -> DocxDocument:
    return Document(io.BytesIO(circular_docx(circular)))


def paragraphs(circular: Circular = CIRCULAR) -> list[str]:
    return [paragraph.text for paragraph in opened(circular).paragraphs]


def text(circular: Circular = CIRCULAR) -> str:
    return "\n".join(paragraphs(circular))


def test_the_page_has_the_type_area_of_an_official_document() -> None:
    document = opened(CIRCULAR)
    section = document.sections[0]
    # Word counts in twentieths of a point, so a length is true to some hundredths of a millimetre.
    page = {"width": section.page_width, "height": section.page_height}
    margins = {"top": section.top_margin, "left": section.left_margin}
    assert page == pytest.approx({"width": Mm(210), "height": Mm(297)}, abs=Mm(0.1))
    assert margins == pytest.approx({"top": Mm(37), "left": Mm(28)}, abs=Mm(0.1))
    area = {
        "width": (page["width"] or 0) - (margins["left"] or 0) - (section.right_margin or 0),
        "height": (page["height"] or 0) - (margins["top"] or 0) - (section.bottom_margin or 0),
    }
    assert area == pytest.approx({"width": Mm(156), "height": Mm(225)}, abs=Mm(0.1))


def test_fonts_and_lines_are_those_of_the_standard() -> None:
    document = opened(CIRCULAR)
    normal = document.styles["Normal"]
    assert normal.font.size == Pt(16)
    assert 'w:eastAsia="仿宋_GB2312"' in normal.element.xml
    assert 28 <= normal.paragraph_format.line_spacing.pt <= 29
    title = document.paragraphs[0]
    assert title.runs[0].font.size == Pt(22)
    assert 'w:eastAsia="方正小标宋简体"' in title._element.xml
    heading = next(paragraph for paragraph in document.paragraphs if paragraph.text == "一、总体情况")
    assert 'w:eastAsia="黑体"' in heading._element.xml
    assert heading.paragraph_format.first_line_indent == Pt(32)


def test_missing_fonts_have_named_substitutes() -> None:
    with zipfile.ZipFile(io.BytesIO(circular_docx(CIRCULAR))) as package:
        table = package.read("word/fontTable.xml").decode()
    assert '<w:font w:name="方正小标宋简体"><w:altName w:val="宋体"/>' in table
    assert '<w:font w:name="仿宋_GB2312"><w:altName w:val="仿宋"/>' in table


def test_the_circular_says_what_the_list_says() -> None:
    lines = paragraphs()
    assert lines[0] == "关于承办事项逾期情况的通报"
    assert lines[1] == "〔2024〕第12期"
    assert lines[2] == "乙局、甲局："
    body = text()
    assert "截至2024年11月25日，共有2个单位的3项承办事项逾期未办结" in body
    assert "牵头事项1项，按职责分工事项1项，配合事项1项，最长逾期700天" in body
    assert "与上期（〔2024〕第11期，截至2024年11月18日）相比，新增1项，消除4项，经批准延期2项，仍逾期2项。" in body
    assert "附件：〔2024〕第12期逾期事项清单" in body


def test_office_and_date_stand_at_the_right() -> None:
    lines = paragraphs()
    place = lines.index("秘书处（残联）")
    assert lines[place + 1] == "2024年11月26日"
    signed = opened(CIRCULAR).paragraphs[place + 1]
    assert signed.alignment is not None
    assert signed.alignment.name == "RIGHT"
    assert signed.paragraph_format.right_indent == Pt(64)  # four characters


def test_departments_and_lines_stand_in_tables() -> None:
    departments, annex = opened(CIRCULAR).tables
    rows = [[cell.text for cell in row.cells] for row in departments.rows]
    assert rows[1:] == [["乙局", "2", "0", "0", "700"], ["甲局", "1", "1", "1", "330"], ["合计", "3", "1", "1", "700"]]
    cells = [[cell.text for cell in row.cells] for row in annex.rows]
    assert cells[1][0] == "乙局（2项）"
    assert cells[2] == [
        "1",
        "1.1　开展宣传活动\n《测试行动计划》第一阶段",
        "按职责分工",
        "2024.10.26\n原2023.12.31",
        "30",
        "连续2期",
    ]
    assert [row[0] for row in cells[1:]] == ["乙局（2项）", "1", "2", "甲局（1项）", "3"]


def test_the_annex_begins_on_a_page_of_its_own_and_repeats_its_head() -> None:
    document = opened(CIRCULAR)
    mark = next(paragraph for paragraph in document.paragraphs if paragraph.text == "附件")
    assert mark.paragraph_format.page_break_before
    assert "w:tblHeader" in document.tables[1].rows[0]._tr.xml


def test_pages_are_numbered_on_both_sides() -> None:
    document = opened(CIRCULAR)
    section = document.sections[0]
    assert document.settings.odd_and_even_pages_header_footer
    for footer, side in ((section.footer, "RIGHT"), (section.even_page_footer, "LEFT")):
        line_ = footer.paragraphs[0]
        assert line_.text.replace(" ", "") == "——"
        assert "PAGE" in line_._element.xml
        assert line_.alignment is not None
        assert line_.alignment.name == side


def test_the_first_list_is_compared_with_nothing() -> None:
    assert "上期" not in text(replace(CIRCULAR, since=None, weeks=dict.fromkeys((1, 2, 3), 1)))


def test_a_list_without_lines_is_good_news() -> None:
    circular = replace(CIRCULAR, lines=[], weeks={})
    body = text(circular)
    assert "没有逾期未办结的承办事项。" in body
    assert "消除4项" in body
    assert "各有关单位：" in body
    assert "附件" not in body
    assert "有关要求" not in body
    assert opened(circular).tables == []


def test_many_departments_are_addressed_together() -> None:
    lines = [line(key, department=f"第{key}局") for key in range(1, 10)]
    circular = replace(CIRCULAR, lines=lines, weeks=dict.fromkeys(range(1, 10), 1))
    assert paragraphs(circular)[2] == "各有关单位："


@pytest.mark.parametrize("title", ["<w:p>", "a\x00b\x0bc￾", "👍🏽", "‮目录", "长" * 3000, "=1+1"])
def test_any_text_survives(title: str) -> None:
    document = opened(replace(CIRCULAR, lines=[line(1, title=title)], weeks={1: 1}))
    shown = title.replace("\x00", "").replace("\x0b", "").replace("￾", "")
    assert document.tables[1].rows[2].cells[1].text.startswith(f"1.1　{shown}")
