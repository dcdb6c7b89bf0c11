"""The two tables of a circular: departments with their counts, and every line under its department."""

from collections.abc import Mapping, Sequence
from typing import Any

from docx.document import Document as DocxDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt
from docx.styles.style import ParagraphStyle
from docx.table import Table, _Cell, _Row
from docx.text.paragraph import Paragraph

from app.documents.writing.official_layout import FANGSONG, HEITI, SIZE_5, clean, style_font
from app.domain.overdue_line import DepartmentPart, OverdueLine
from app.domain.workflow import Role
from app.i18n import gettext as _
from app.words import week_mark, word

_LEFT, _CENTRE = WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.CENTER
_SMALL_4 = Pt(12)


class CircularTables:
    """Writes into one document. Looks are named styles: set cell by cell, a long annex took four times as long."""

    def __init__(self, document: DocxDocument) -> None:
        self._document = document
        self._name = self._style(_("汇总单位"), FANGSONG, _SMALL_4, _LEFT)
        self._count = self._style(_("汇总数字"), FANGSONG, _SMALL_4, _CENTRE)
        self._head = self._style(_("汇总表头"), HEITI, _SMALL_4, _CENTRE)
        self._annex_head = self._style(_("清单表头"), HEITI, SIZE_5, _CENTRE)
        self._band = self._style(_("清单单位"), HEITI, SIZE_5, _LEFT)
        self._band.paragraph_format.keep_with_next = True
        self._text = self._style(_("清单文字"), FANGSONG, SIZE_5, _LEFT)
        self._middle = self._style(_("清单居中"), FANGSONG, SIZE_5, _CENTRE)
        self._source = self._style(_("清单出处"), FANGSONG, Pt(9), _LEFT)

    def by_department(self, parts: Sequence[DepartmentPart[Any]]) -> None:
        """The foot adds up."""
        columns = [
            (_("单位"), Mm(56)),
            (_("逾期项数"), Mm(25)),
            (_("其中牵头"), Mm(25)),
            (_("本期新增"), Mm(25)),
            (_("最长逾期（天）"), Mm(25)),
        ]
        table = self._table(columns, self._head)
        for part in parts:
            figures = (len(part.lines), part.leads, part.fresh, part.longest)
            _fill(_add_row(table), [part.department, *figures], [self._name, *[self._count] * 4])
        totals = (
            sum(len(part.lines) for part in parts),
            sum(part.leads for part in parts),
            sum(part.fresh for part in parts),
            max(part.longest for part in parts),
        )
        _fill(_add_row(table), [_("合计"), *totals], [self._head] * 5)

    def lines(
        self,
        parts: Sequence[DepartmentPart[OverdueLine]],
        weeks: Mapping[int, int],
        inherited: Mapping[int, str],
    ) -> None:
        """Numbered through; each department has a row of its own above its lines."""
        columns = [
            (_("序号"), Mm(11)),
            (_("任务与阶段"), Mm(66)),
            (_("分工"), Mm(17)),
            (_("期限"), Mm(25)),
            (_("逾期\n天数"), Mm(15)),
            (_("与上期\n相比"), Mm(22)),
        ]
        table = self._table(columns, self._annex_head)
        styles = [self._middle, self._text, *[self._middle] * 4]
        number = 0
        for part in parts:
            cells = _add_row(table).cells
            band = _("%(department)s（%(count)s项）") % {"department": part.department, "count": len(part.lines)}
            _write(cells[0].merge(cells[-1]), band, self._band)
            for line in part.lines:
                number += 1
                title = f"{line.task_number}　{line.task_title}"
                mark = week_mark(weeks.get(line.obligation_id, 1))
                row = _add_row(table)
                _fill(row, [number, title, word(Role(line.role)), _due(line), line.days_late, mark], styles)
                _say(row.cells[1].add_paragraph(), f"《{line.plan_title}》{line.phase}", self._source)
                if line.obligation_id in inherited:
                    _say(row.cells[1].add_paragraph(), inherited[line.obligation_id], self._source)

    def _style(self, name: str, face: str, size: Length, side: WD_ALIGN_PARAGRAPH) -> ParagraphStyle:
        style = self._document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        assert isinstance(style, ParagraphStyle)
        style_font(style, face, size)
        shape = style.paragraph_format
        shape.alignment = side
        shape.line_spacing_rule = WD_LINE_SPACING.SINGLE
        shape.space_before = shape.space_after = Pt(2)
        return style

    def _table(self, columns: Sequence[tuple[str, Length]], style: ParagraphStyle) -> Table:
        """With its head row, which is repeated on every page."""
        table: Table = self._document.add_table(rows=1, cols=len(columns))
        table.style = "Table Grid"
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        for column, (_name, width) in zip(table.columns, columns, strict=True):
            column.width = width
        head = table.rows[0]
        _fill(head, [name for name, _width in columns], [style] * len(columns))
        repeated = OxmlElement("w:tblHeader")
        repeated.set(qn("w:val"), "true")
        _keep_whole(head)
        head._tr.get_or_add_trPr().append(repeated)  # noqa: SLF001 (python-docx cannot repeat a head row)
        return table


def _due(line: OverdueLine) -> str:
    """Dots, because a narrow cell would break the date at anything else."""
    due = f"{line.due:%Y.%m.%d}"
    return due if line.first_due == line.due else due + "\n" + _("原%(day)s") % {"day": f"{line.first_due:%Y.%m.%d}"}


def _add_row(table: Table) -> _Row:
    row: _Row = table.add_row()  # type: ignore[no-untyped-call]
    _keep_whole(row)
    return row


def _keep_whole(row: _Row) -> None:
    """Not torn apart at the foot of a page."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))  # noqa: SLF001 (as above)


def _fill(row: _Row, values: Sequence[str | int], styles: Sequence[ParagraphStyle]) -> None:
    for cell, value, style in zip(row.cells, values, styles, strict=True):
        _write(cell, str(value), style)


def _write(cell: _Cell, text: str, style: ParagraphStyle) -> None:
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    _say(cell.paragraphs[0], text, style)


def _say(line: Paragraph, text: str, style: ParagraphStyle) -> None:
    line._p.style = style.style_id  # noqa: SLF001 (the public way looks through all styles, every time)
    line.add_run(clean(text))
