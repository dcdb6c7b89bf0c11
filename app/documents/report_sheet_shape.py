"""The shape of the fill-in sheet that goes out with a reminder and comes back filled in: writer and reader share it.

Above the table stand a title, a sentence or two, and the reply code of the mail. A hidden row of `MARKS` names the
columns for the reader, whatever the language of the headings; below it stand the headings and one row for each item.
Offices insert, move and sort: the reader looks for the row of marks and for the code, and trusts no place.
"""

import re
from collections.abc import Sequence
from enum import StrEnum

from app.i18n import gettext as _

# A custom property of the document (docProps/custom.xml) and a cell of its own both hold the reply code (mail/keys.py).
CODE_PROPERTY = "duban-code"
CODE_CELL = "C4"
CODE = re.compile(r"[0-9a-f]{24}")
MARKS_ROW, HEAD_ROW = 5, 6
LIMIT = 10_000  # signs in a cell of the first three columns, as in the form (changes/submit_update.py)


class SheetColumn(StrEnum):
    """In the order of the sheet. What is filled in is called as the fields of the report's form."""

    OBLIGATION = "duban.obligation"  # the key: the obligation's id
    TASK = "duban.task"
    PLAN = "duban.plan"
    DUE = "duban.due"
    STANDING = "duban.standing"
    TEXT = "text"
    DIFFICULTIES = "difficulties"
    NEXT_STEP = "next_step"
    PERCENT = "percent"
    COMPLETION = "completion"


MARKS = tuple(column.value for column in SheetColumn)
FILLED_IN = (
    SheetColumn.TEXT,
    SheetColumn.DIFFICULTIES,
    SheetColumn.NEXT_STEP,
    SheetColumn.PERCENT,
    SheetColumn.COMPLETION,
)
YES, NO = "是", "否"  # not translated: what is sent back is compared with them


def headings() -> dict[SheetColumn, str]:
    """The visible heading of each column."""
    return {
        SheetColumn.OBLIGATION: _("事项编号"),
        SheetColumn.TASK: _("任务"),
        SheetColumn.PLAN: _("规划、阶段"),
        SheetColumn.DUE: _("期限"),
        SheetColumn.STANDING: _("当前情况"),
        SheetColumn.TEXT: _("进展情况"),
        SheetColumn.DIFFICULTIES: _("存在困难"),
        SheetColumn.NEXT_STEP: _("下一步措施"),
        SheetColumn.PERCENT: _("完成比例（%）"),
        SheetColumn.COMPLETION: _("申请办结（是/否）"),
    }


def columns_in(row: Sequence[object]) -> dict[SheetColumn, int] | None:
    """Where each column stands (from 0) if this is the row of marks; None if it is any other.

    Without the key or without one of the columns that are filled in it is no sheet of ours any more.
    """
    places = {str(value).strip(): place for place, value in enumerate(row) if value is not None}
    found = {column: places[column.value] for column in SheetColumn if column.value in places}
    needed = {SheetColumn.OBLIGATION, *FILLED_IN}
    return found if needed <= found.keys() else None


def code_in(value: object) -> str | None:
    """The reply code, if the cell or property holds one and nothing else."""
    text = str(value).strip() if value is not None else ""
    return text if CODE.fullmatch(text) else None
