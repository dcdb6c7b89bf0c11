"""The hand-over sheet 工作交接单 as a Word file on A4; from the frozen sheet alone."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from docx import Document
from docx.document import Document as DocxDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt
from docx.styles.style import ParagraphStyle
from docx.table import Table, _Cell, _Row

from app.documents.writing.official_layout import (
    FANGSONG,
    HEITI,
    SIZE_5,
    clean,
    font,
    lay_out,
    paragraph,
    style_font,
    title,
)
from app.domain.handover_sheet import DoneLine, HandoverSheet, OwedLine
from app.i18n import gettext as _
from app.i18n import officially
from app.words import day

_SMALL = Pt(9)


@dataclass(frozen=True, slots=True)
class HandoverPaper:
    """`on` None: not made yet, a sheet that is prepared."""

    sheet: HandoverSheet
    on: date | None
    note: str = ""


@officially()
def handover_docx(paper: HandoverPaper) -> bytes:
    """The bytes of the .docx file."""
    document = Document()
    lay_out(document)
    section = document.sections[0]
    section.top_margin = section.bottom_margin = Mm(22)
    section.left_margin = section.right_margin = Mm(20)
    section.footer_distance = Mm(12)
    document.core_properties.title = _("工作交接单")
    document.core_properties.author = clean(paper.sheet.region)
    document.core_properties.comments = ""
    _Writer(document).write(paper)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


class _Writer:
    def __init__(self, document: DocxDocument) -> None:
        self._document = document
        self._head = self._style(_("交接表头"), HEITI, SIZE_5)
        self._text = self._style(_("交接文字"), FANGSONG, SIZE_5)
        self._small = self._style(_("交接小字"), FANGSONG, _SMALL)

    def write(self, paper: HandoverPaper) -> None:
        title(self._document, _("工作交接单"))
        self._facts(paper)
        sheet = paper.sheet
        counts = _(
            "一、在办事项%(count)s项，其中逾期%(overdue)s项，退回待改%(returned)s项，延期申请待审批%(requests)s项"
        ) % {
            "count": len(sheet.owed),
            "overdue": sheet.overdue,
            "returned": sheet.returned,
            "requests": sheet.requests,
        }
        self._heading(counts)
        self._owed(sheet.owed)
        self._heading(_("二、近30日已报送、已办理%(count)s件") % {"count": len(sheet.done)})
        self._done(sheet.done)
        self._heading(_("三、交接说明"))
        self._line(paper.note or _("无。"))
        self._signatures()

    def _facts(self, paper: HandoverPaper) -> None:
        sheet = paper.sheet
        on = day(paper.on, weekday=False) if paper.on else _("尚未办理（预备稿）")
        table = self._table([Mm(24), Mm(61), Mm(24), Mm(61)])
        for left, right in (
            ((_("单位"), sheet.department or sheet.region), (_("岗位"), sheet.role)),
            ((_("移交人"), sheet.from_name), (_("接交人"), sheet.to_name or "")),
            ((_("行政区"), sheet.region), (_("交接日期"), on)),
        ):
            self._fill(self._row(table), (*left, *right), (self._head, self._text, self._head, self._text))

    def _owed(self, lines: Sequence[OwedLine]) -> None:
        if not lines:
            self._line(_("没有在办事项。"))
            return
        table = self._table([Mm(9), Mm(53), Mm(32), Mm(24), Mm(52)])
        heads = (_("序号"), _("事项"), _("期限"), _("状态"), _("最近进展、约定和待办"))
        self._heads(table, heads)
        for number, line in enumerate(lines, start=1):
            row = self._row(table)
            self._fill(row, (str(number), line.task, line.due, line.light, ""), [self._text] * 5)
            place = _("《%(plan)s》%(phase)s") % {"plan": line.plan, "phase": line.phase}
            self._add(row.cells[1], " · ".join(part for part in (place, line.department, line.role) if part))
            self._said(row.cells[4], line)

    def _said(self, cell: _Cell, line: OwedLine) -> None:
        said = [
            text % {"text": value}
            for text, value in (
                (_("进展：%(text)s"), line.last),
                (_("下一步：%(text)s"), line.promise),
                (_("退回原因：%(text)s"), line.returned),
                (_("延期：%(text)s"), line.request),
                (_("草稿：%(text)s"), line.draft),
            )
            if value
        ] or [_("尚未填报。")]
        self._write(cell, said[0], self._small)
        for text in said[1:]:
            self._add(cell, text)

    def _done(self, lines: Sequence[DoneLine]) -> None:
        if not lines:
            self._line(_("没有。"))
            return
        table = self._table([Mm(33), Mm(100), Mm(37)])
        self._heads(table, (_("日期"), _("事项"), _("报送或办理")))
        for line in lines:
            row = self._row(table)
            self._fill(row, (line.on, line.task, line.what), [self._text] * 3)
            place = _("《%(plan)s》%(phase)s") % {"plan": line.plan, "phase": line.phase}
            self._add(row.cells[1], " · ".join(part for part in (place, line.department) if part))

    def _signatures(self) -> None:
        self._heading(_("四、签字"))
        table = self._table([Mm(57), Mm(57), Mm(56)])
        row = self._row(table)
        row.height = Mm(26)
        for cell, name in zip(row.cells, (_("移交人"), _("接交人"), _("监交人")), strict=True):
            self._write(cell, _("%(name)s（签字）：") % {"name": name}, self._text)
            self._add(cell, "", self._text)
            self._add(cell, _("　　　　年　　月　　日"), self._text)

    def _heading(self, text: str) -> None:
        line = paragraph(self._document, indent=False)
        line.alignment = WD_ALIGN_PARAGRAPH.LEFT
        line.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
        line.paragraph_format.space_before, line.paragraph_format.space_after = Pt(10), Pt(3)
        line.paragraph_format.keep_with_next = True
        font(line.add_run(clean(text)), HEITI, Pt(12))

    def _line(self, text: str) -> None:
        line = self._document.add_paragraph(clean(text))
        line.style = self._text

    def _style(self, name: str, face: str, size: Length) -> ParagraphStyle:
        style = self._document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        assert isinstance(style, ParagraphStyle)
        style_font(style, face, size)
        shape = style.paragraph_format
        shape.alignment = WD_ALIGN_PARAGRAPH.LEFT
        shape.line_spacing_rule = WD_LINE_SPACING.SINGLE
        shape.space_before = shape.space_after = Pt(1.5)
        return style

    def _table(self, widths: Sequence[Length]) -> Table:
        table: Table = self._document.add_table(rows=0, cols=len(widths))
        table.style = "Table Grid"
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        for column, width in zip(table.columns, widths, strict=True):
            column.width = width
        return table

    def _heads(self, table: Table, names: Sequence[str]) -> None:
        row = self._row(table)
        self._fill(row, names, [self._head] * len(names))
        repeated = OxmlElement("w:tblHeader")
        repeated.set(qn("w:val"), "true")
        row._tr.get_or_add_trPr().append(repeated)  # noqa: SLF001 (python-docx cannot repeat a head row)

    @staticmethod
    def _row(table: Table) -> _Row:
        """Not torn apart at the foot of a page."""
        row: _Row = table.add_row()  # type: ignore[no-untyped-call]
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))  # noqa: SLF001 (as above)
        return row

    def _fill(self, row: _Row, texts: Sequence[str], styles: Sequence[ParagraphStyle]) -> None:
        for cell, text, style in zip(row.cells, texts, styles, strict=True):
            self._write(cell, text, style)

    @staticmethod
    def _write(cell: _Cell, text: str, style: ParagraphStyle) -> None:
        cell.paragraphs[0].style = style
        cell.paragraphs[0].add_run(clean(text))

    def _add(self, cell: _Cell, text: str, style: ParagraphStyle | None = None) -> None:
        line = cell.add_paragraph(clean(text))
        line.style = style or self._small
