"""The page of an official document after GB/T 9704-2012, for python-docx.

A4, type area 156 mm x 225 mm (37 mm above, 28 mm at the binding edge), 22 lines of 28 characters:
body in FangSong of size 3 (16 pt), title in XiaoBiaoSong of size 2 (22 pt), first headings in HeiTi.
"""

import re
from typing import Any

from docx.document import Document as DocxDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.opc.oxml import serialize_part_xml
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Length, Mm, Pt
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph
from docx.text.run import Run

FANGSONG = "仿宋_GB2312"
HEITI = "黑体"
KAITI = "楷体_GB2312"
XIAOBIAOSONG = "方正小标宋简体"
SONGTI = "宋体"
_LATIN = "Times New Roman"
# What a machine without these fonts takes instead.
_SUBSTITUTES = {FANGSONG: "仿宋", KAITI: "楷体", XIAOBIAOSONG: "宋体"}

SIZE_2 = Pt(22)
SIZE_3 = Pt(16)
SIZE_4 = Pt(14)
SIZE_5 = Pt(10.5)
LINE = Pt(28.95)  # 225 mm / 22 lines
# 28 characters of 16 pt are 1.6 mm wider than the type area: each gives a quarter of a point (unit: 1/20 pt).
_TIGHTER = -5

# Letters that XML cannot hold.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def clean(text: str) -> str:
    return _UNPRINTABLE.sub("", text)


def lay_out(document: DocxDocument) -> None:
    """Page, type area, body style and page numbers; call it once on an empty document."""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(35 - 7 - 5)  # the number stands 7 mm below the type area
    section.header_distance = Mm(15)
    normal = document.styles["Normal"]
    normal.font.name = _LATIN
    properties = normal.element.get_or_add_rPr()
    _east_asian(properties, FANGSONG)
    spacing = OxmlElement("w:spacing")
    spacing.set(qn("w:val"), str(_TIGHTER))
    properties.append(spacing)  # the schema wants it before the size
    normal.font.size = SIZE_3
    language = OxmlElement("w:lang")
    language.set(qn("w:eastAsia"), "zh-CN")  # else full stops may be drawn as in Taipei, in the middle
    properties.append(language)
    shape = normal.paragraph_format
    shape.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    shape.line_spacing = LINE
    shape.space_before = shape.space_after = Pt(0)
    shape.widow_control = False
    _name_substitutes(document)
    _page_numbers(document)


def style_font(style: ParagraphStyle, name: str, size: Length) -> None:
    style.font.name = _LATIN if name in {FANGSONG, KAITI} else name
    _east_asian(style.element.get_or_add_rPr(), name)
    style.font.size = size


def font(run: Run, name: str, size: Length | None = None) -> Run:
    # Figures between fine brush strokes are set in a Roman; the heavy faces bring their own.
    run.font.name = _LATIN if name in {FANGSONG, KAITI} else name
    _east_asian(run._element.get_or_add_rPr(), name)  # noqa: SLF001 (python-docx has no public way to East Asian fonts)
    if size is not None:
        run.font.size = size
    return run


def paragraph(document: DocxDocument, text: str = "", *, indent: bool = True) -> Paragraph:
    """Body text; `indent`: two characters, as every paragraph of the body begins."""
    added = document.add_paragraph(clean(text))
    added.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    if indent:
        added.paragraph_format.first_line_indent = SIZE_3 * 2
    return added


def title(document: DocxDocument, text: str) -> Paragraph:
    added = document.add_paragraph()
    added.alignment = WD_ALIGN_PARAGRAPH.CENTER
    added.paragraph_format.line_spacing = Pt(35)
    font(added.add_run(clean(text)), XIAOBIAOSONG, SIZE_2)
    return added


def heading(document: DocxDocument, text: str) -> Paragraph:
    added = paragraph(document)
    added.paragraph_format.keep_with_next = True
    font(added.add_run(clean(text)), HEITI)
    return added


def _east_asian(properties: Any, name: str) -> None:
    properties.get_or_add_rFonts().set(qn("w:eastAsia"), name)


def _name_substitutes(document: DocxDocument) -> None:
    for related in document.part.rels.values():
        if related.reltype.endswith("/fontTable"):
            table = parse_xml(related.target_part.blob)
            for name, substitute in _SUBSTITUTES.items():
                table.append(
                    parse_xml(
                        f'<w:font {nsdecls("w")} w:name="{name}"><w:altName w:val="{substitute}"/>'
                        '<w:charset w:val="86"/><w:family w:val="modern"/></w:font>'
                    )
                )
            related.target_part._blob = serialize_part_xml(table)  # noqa: SLF001 (python-docx only carries this part along)


def _page_numbers(document: DocxDocument) -> None:
    """— n —, right on odd pages and left on even ones, one character from the edge."""
    document.settings.odd_and_even_pages_header_footer = True
    section = document.sections[0]
    for footer, side in (
        (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        footer.is_linked_to_previous = False
        line = footer.paragraphs[0]
        line.alignment = side
        if side is WD_ALIGN_PARAGRAPH.RIGHT:
            line.paragraph_format.right_indent = SIZE_4
        else:
            line.paragraph_format.left_indent = SIZE_4
        font(line.add_run("— "), SONGTI, SIZE_4)
        number = font(line.add_run(), SONGTI, SIZE_4)
        for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
            if kind is None:
                part = OxmlElement("w:instrText")
                part.set(qn("xml:space"), "preserve")
                part.text = text
            else:
                part = OxmlElement("w:fldChar")
                part.set(qn("w:fldCharType"), kind)
            number._element.append(part)  # noqa: SLF001 (python-docx knows no fields)
        font(line.add_run(" —"), SONGTI, SIZE_4)
