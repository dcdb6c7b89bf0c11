"""The circular (通报) on a frozen overdue list, laid out as an official document; from the snapshot alone."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from docx import Document
from docx.document import Document as DocxDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt

from app.documents.writing.circular_tables import CircularTables
from app.documents.writing.official_layout import (
    HEITI,
    KAITI,
    SIZE_3,
    clean,
    font,
    heading,
    lay_out,
    paragraph,
    title,
)
from app.domain.overdue_line import OverdueLine, by_department
from app.domain.workflow import Role
from app.i18n import gettext as _
from app.i18n import officially
from app.words import day

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
NAMED_RECIPIENTS = 8  # more departments than this are addressed together


@dataclass(frozen=True, slots=True)
class Since:
    """What changed since the list before, whose name it carries, e.g. 〔2024〕第11期."""

    name: str
    as_of: date
    fresh: int
    cleared: int
    extended: int


@dataclass(frozen=True, slots=True)
class Circular:
    """`name` is the list's own, e.g. 〔2024〕第12期; `issued_on` the day on which it was frozen.

    `weeks`: how many lists in a row hold an obligation. `inherited`: from whom one was taken over. `since` is None for
    the first list. `late`: it was made up after its day. `remarks`: by which hashes the paper can be compared with the
    system, small at its end.
    """

    name: str
    region: str
    office: str
    as_of: date
    issued_on: date
    lines: Sequence[OverdueLine]
    weeks: Mapping[int, int]
    since: Since | None
    remarks: Sequence[str] = ()
    inherited: Mapping[int, str] = field(default_factory=dict)
    late: bool = False


@officially()
def circular_docx(circular: Circular) -> bytes:
    """The bytes of the .docx file."""
    document = Document()
    lay_out(document)
    tables = CircularTables(document)
    document.core_properties.title = _("关于承办事项逾期情况的通报") + circular.name
    document.core_properties.author = clean(circular.office)
    document.core_properties.comments = ""
    _opening(document, circular)
    if circular.lines:
        _findings(document, circular, tables)
        _demands(document)
        note = paragraph(document)
        note.paragraph_format.space_before = Pt(28.95)
        note.add_run(_("附件：%(name)s逾期事项清单") % {"name": circular.name})
    _signature(document, circular)
    if circular.lines:
        _annex(document, circular, tables)
    _hashes(document, circular)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _opening(document: DocxDocument, circular: Circular) -> None:
    title(document, _("关于承办事项逾期情况的通报"))
    number = paragraph(document, indent=False)
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    number.paragraph_format.space_after = Pt(28.95)
    name = _("%(list)s（补制）") % {"list": circular.name} if circular.late else circular.name
    font(number.add_run(clean(name)), KAITI)
    names = [part.department for part in by_department(circular.lines)]
    named = _("、").join(names) if 0 < len(names) <= NAMED_RECIPIENTS else _("各有关单位")
    paragraph(document, named + _("："), indent=False)
    paragraph(
        document,
        _(
            "为推动各项任务按期落实，秘书处对%(region)s各规划、行动计划承办事项截至%(day)s的办理情况进行了核对。"
            "现将有关情况通报如下。"
        )
        % {"region": circular.region, "day": day(circular.as_of, weekday=False)},
    )
    if not circular.lines:
        none = _("截至上述日期，各单位没有逾期未办结的承办事项。%(since)s")
        paragraph(document, none % {"since": _compared(circular)})


def _findings(document: DocxDocument, circular: Circular, tables: CircularTables) -> None:
    parts = by_department(circular.lines, circular.weeks)
    heading(document, _("一、总体情况"))
    paragraph(
        document,
        _(
            "截至%(day)s，共有%(departments)s个单位的%(count)s项承办事项逾期未办结，"
            "其中牵头事项%(leads)s项，按职责分工事项%(shared)s项，配合事项%(support)s项，最长逾期%(longest)s天。%(since)s"
        )
        % {
            "day": day(circular.as_of, weekday=False),
            "departments": len(parts),
            "count": len(circular.lines),
            "leads": _count(circular, Role.LEAD),
            "shared": _count(circular, Role.SHARED),
            "support": _count(circular, Role.SUPPORT),
            "longest": max(part.longest for part in parts),
            "since": _compared(circular),
        },
    )
    heading(document, _("二、各单位情况"))
    paragraph(document, _("各单位逾期事项数量如下，逐项情况见附件。"))
    tables.by_department(parts)


def _compared(circular: Circular) -> str:
    if circular.since is None:
        return ""
    again = sum(1 for weeks in circular.weeks.values() if weeks > 1)
    return _(
        "与上期（%(name)s，截至%(day)s）相比，新增%(fresh)s项，消除%(cleared)s项，经批准延期%(extended)s项，"
        "仍逾期%(again)s项。"
    ) % {
        "name": circular.since.name,
        "day": day(circular.since.as_of, weekday=False),
        "fresh": circular.since.fresh,
        "cleared": circular.since.cleared,
        "extended": circular.since.extended,
        "again": again,
    }


def _count(circular: Circular, role: Role) -> int:
    return sum(1 for line in circular.lines if line.role == role)


def _demands(document: DocxDocument) -> None:
    after_table = heading(document, _("三、有关要求"))
    after_table.paragraph_format.space_before = Pt(14)
    paragraph(
        document,
        _(
            "请有关单位对照附件逐项核实，抓紧办理，及时填报进展并提交办结材料。"
            "牵头单位要主动协调，配合单位要按时提供情况。确需延期的，应当说明理由，按程序提出延期申请。"
        ),
    )


def _signature(document: DocxDocument, circular: Circular) -> None:
    """Office and date at the right, the date four characters from the edge and the office centred on it."""
    written = day(circular.issued_on, weekday=False)
    office = clean(circular.office)
    date_width = sum(0.5 if char.isascii() else 1 for char in written)
    indent = max(0.0, 4 + (date_width - len(office)) / 2)
    for text, characters, before in ((office, indent, 57.9), (written, 4.0, 0.0)):
        line = paragraph(document, text, indent=False)
        line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        line.paragraph_format.right_indent = Pt(SIZE_3.pt * characters)
        line.paragraph_format.space_before = Pt(before)
        line.paragraph_format.keep_with_next = characters is not None and text == office


def _annex(document: DocxDocument, circular: Circular, tables: CircularTables) -> None:
    mark = paragraph(document, indent=False)
    mark.paragraph_format.page_break_before = True
    font(mark.add_run(_("附件")), HEITI)
    head = title(document, _("%(name)s逾期事项清单") % {"name": circular.name})
    head.paragraph_format.space_before = Pt(14)
    under = paragraph(document, _("（截至%(day)s）") % {"day": day(circular.as_of, weekday=False)}, indent=False)
    under.alignment = WD_ALIGN_PARAGRAPH.CENTER
    under.paragraph_format.space_after = Pt(14)
    tables.lines(by_department(circular.lines, circular.weeks), circular.weeks, circular.inherited)


def _hashes(document: DocxDocument, circular: Circular) -> None:
    """A rewritten list or audit trail would not fit the paper in the drawer."""
    for number, remark in enumerate(circular.remarks):
        line = paragraph(document, indent=False)
        line.paragraph_format.space_before = Pt(0 if number else 28.95)
        line.paragraph_format.line_spacing = Pt(14)
        line.add_run(clean(remark)).font.size = Pt(9)
