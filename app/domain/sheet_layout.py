"""How a department's month fits on A4: in which density, with how short a wording, and on how many pages.

Paper cannot be asked how high a text became before it is printed, so heights are reckoned here: every line has a
fixed height in the style sheet (static/css/month_sheet.css), a Chinese sign is one em wide, a Latin one a little
more than half. The reckoning errs on the side of more lines, so what it puts on one page is on one page.
"""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

MM_PER_POINT = 25.4 / 72
LATIN_EM = 0.6
SLACK_EM = 0.7  # what a line of whole signs leaves empty

# Inside of the margins of @page, less two lines' worth for browsers that round up.
PAGE_MM = 268.0
HEAD_MM = 31.0
CONTINUED_MM = 17.0
FOOT_MM = 17.0
TEXT_MM = 184.0

# Widths of the columns inside of their padding: task, role, demand, due, light.
COLUMNS_MM = (60.0, 18.5, 46.0, 28.0, 23.5)


@dataclass(frozen=True, slots=True)
class Density:
    """`point` is the size of the letters, `line` the height of a line, `pad` what a row needs beside its lines.

    `demand` is how wide (in em) what is expected may become, 0 prints the phase instead; `brief`: titles end after
    one line, and what is due next month is told by numbers alone.
    """

    name: str
    point: float
    line: float
    pad: float
    demand: int
    brief: bool


DENSITIES = (
    Density("roomy", 10, 5.3, 2.4, 120, brief=False),
    Density("close", 9, 4.6, 1.4, 40, brief=False),
    Density("plain", 8.5, 4.2, 1.1, 0, brief=False),
    Density("tight", 8, 3.9, 0.9, 0, brief=True),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table (one text for each column) or a paragraph (one text); `key` finds what it stands for."""

    key: int
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A section: its name in the style sheet and the template, and its lines. `continued`: begun on a page before."""

    name: str
    lines: Sequence[Line]
    continued: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    density: Density
    pages: Sequence[Sequence[Block]]


def width_em(text: str) -> float:
    return sum(1.0 if unicodedata.east_asian_width(sign) in "WFA" else LATIN_EM for sign in text)


def lines_of(text: str, width_mm: float, point: float) -> int:
    """Lines that a text needs; a Chinese text fills its lines but for the last sign."""
    em = point * MM_PER_POINT
    usable = max(1.0, width_mm / em - SLACK_EM)
    return max(1, math.ceil(width_em(text) / usable))


def height_of(line: Line, density: Density) -> float:
    """In millimetres."""
    widths = COLUMNS_MM if len(line.texts) > 1 else (TEXT_MM,)
    cells = zip(line.texts, widths, strict=True)
    return density.pad + density.line * max(lines_of(text, width, density.point) for text, width in cells)


def heading_of(density: Density) -> float:
    return density.line * 1.15 + density.pad + 1.2


def pages_of(blocks: Sequence[Block], density: Density) -> Sequence[Sequence[Block]]:
    """The blocks cut into pages: a heading never stands without its first line, the foot stands on every page."""
    pages: list[list[Block]] = [[]]
    room = PAGE_MM - HEAD_MM - FOOT_MM
    for block in blocks:
        waiting: list[Line] = []
        continued = False
        room -= heading_of(density)
        for line in block.lines:
            height = height_of(line, density)
            if height > room and (pages[-1] or waiting):
                if waiting:
                    pages[-1].append(replace(block, lines=waiting, continued=continued))
                    continued = True
                pages.append([])
                waiting = []
                room = PAGE_MM - CONTINUED_MM - FOOT_MM - heading_of(density)
            waiting.append(line)
            room -= height
        if waiting:
            pages[-1].append(replace(block, lines=waiting, continued=continued))
    return pages


def fitted(worded: Sequence[tuple[Density, Sequence[Block]]]) -> Layout:
    """The first density in which everything stands on one page; the last one, with more pages, if none does."""
    for density, blocks in worded:
        pages = pages_of(blocks, density)
        if len(pages) == 1:
            break
    return Layout(density, pages)


def title_em(density: Density, column: int = 0) -> float:
    """How wide a text may be that is to stay on one line of a column."""
    return COLUMNS_MM[column] / (density.point * MM_PER_POINT) - SLACK_EM


def shortened(text: str, em: float) -> str:
    """At most so wide; the last sign tells that something was left out."""
    if width_em(text) <= em:
        return text
    while text and width_em(text) + 1 > em:
        text = text[:-1]
    return text.rstrip("，、；：。 ") + "…"
