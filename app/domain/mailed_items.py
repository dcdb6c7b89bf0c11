"""Of which items of a reminder an answer speaks.

One item in the reminder: of that. Else by the numbers before its lines, or because it was written between the lines of
the quoted reminder. What is left is nobody's guess: the department says of what it speaks.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_NUMBERED = re.compile(r"(\d{1,3})\. \S.*")
_LINK = re.compile(r"/obligations/(\d{1,18})(?!\d)")
_MARK = re.compile(r"〔/obligations/\d{1,18}〕")
# "1. 已完成", "3：…", "（2）…", "第4项 …"; not "1.1 …" nor "3月底前 …".
_ANSWERS = re.compile(
    r"\s*(?:[（(]\s?(\d{1,3})\s?[)）]|第\s?(\d{1,3})\s?[项条件]\s?[.．、,，:：]?|(\d{1,3})\s?[.．、:：)）](?!\d))\s*(.*)"
)
_SIGNS = re.compile(r"\W+", re.UNICODE)
# An answer although these signs stand somewhere in the reminder, too.
_BRIEF = frozenset(
    {"已完成", "完成", "已办结", "办结", "正在办理", "办理中", "未完成", "已报", "是", "否", "无", "好", "收到"}
)
_LONGEST_OPENING = 40


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a reminder. `number`: before its line in the plain text; None where that says not which is meant."""

    obligation_id: int
    task_number: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Attributed:
    """`by_item`: obligation -> text. `rest` belongs to none of them for certain."""

    by_item: Mapping[int, str]
    rest: str = ""


def numbers_in(letter: str) -> dict[int, int]:
    """Obligation -> number, as the reminder's plain text has them; a number that stands there twice says nothing."""
    found: list[tuple[int, int]] = []
    number: int | None = None
    for line in letter.split("\n"):
        begun = _NUMBERED.fullmatch(line)
        link = _LINK.search(line)
        if begun:
            number = int(begun[1])
        elif link and number is not None:
            found.append((number, int(link[1])))
            number = None
    times = Counter(one for one, _obligation in found)
    return {obligation: one for one, obligation in found if times[one] == 1}


def attributed(own: str, below: str, items: Sequence[Item], letter: str) -> Attributed:
    """`own`: what was written above the quoted reminder, `below`: that and what may stand between its lines.

    `letter`: the reminder as it went out, in both its forms.
    """
    between = _between(below, items, letter)
    if len(items) == 1:
        only = items[0].obligation_id
        parts = [own, *between.by_item.values(), between.rest]
        text = "\n".join(part for part in parts if part).strip()
        return Attributed({only: text} if text else {})
    numbered = _by_number(own, items)
    by_item = dict(numbered.by_item)
    for obligation, text in between.by_item.items():
        by_item[obligation] = f"{by_item[obligation]}\n{text}" if obligation in by_item else text
    rest = [part for part in (numbered.rest, between.rest) if part]
    if by_item and len(numbered.rest) <= _LONGEST_OPENING and not between.rest:
        rest = []  # "各项进展如下：" is about nothing
    return Attributed(by_item, "\n".join(rest))


def _by_number(own: str, items: Sequence[Item]) -> Attributed:
    """All numbers have to be those of items: a list of one's own (1. …, 2. …) about one of them says not of which."""
    by_number = {item.number: item.obligation_id for item in items if item.number is not None}
    tasks = Counter(item.task_number for item in items)
    by_task = {item.task_number: item.obligation_id for item in items if tasks[item.task_number] == 1}
    opening: list[str] = []
    found: dict[int, list[str]] = {}
    current: list[str] | None = None
    for line in own.split("\n"):
        begun, text = _begun(line, by_number, by_task)
        if begun == 0:
            return Attributed({}, own.strip())
        if begun is not None:
            if begun in found:
                return Attributed({}, own.strip())  # the same number twice
            current = found[begun] = [text]
        else:
            (opening if current is None else current).append(line)
    texts = {key: "\n".join(lines).strip() for key, lines in found.items()}
    return Attributed({key: text for key, text in texts.items() if text}, "\n".join(opening).strip())


def _begun(line: str, by_number: Mapping[int, int], by_task: Mapping[str, int]) -> tuple[int | None, str]:
    """(obligation, what follows); 0 for a number that no item has, None for a line that begins nothing."""
    for task, obligation in by_task.items():
        following = line.strip().removeprefix(task)
        if len(following) < len(line.strip()) and following[:1] in {" ", "：", ":", "　", "、", "，", ""}:
            return obligation, following.lstrip(" 　：:、，")
    match = _ANSWERS.fullmatch(line)
    if match is None:
        return None, ""
    number = int(match[1] or match[2] or match[3])
    return by_number.get(number, 0), match[4]


def _between(below: str, items: Sequence[Item], letter: str) -> Attributed:
    """What stands between the lines of the quoted reminder and is not in it."""
    sent = _signs(letter)
    keys = {item.obligation_id for item in items}
    by_number = {item.number: item.obligation_id for item in items if item.number is not None}
    lines = below.split("\n")
    marked = any(line.lstrip().startswith(">") for line in lines)
    current: int | None = None
    begun = False
    found: dict[int | None, list[str]] = {}
    for line in lines:
        quoted = line.lstrip().startswith(">")
        bare = line.lstrip("> ").strip()
        own_line = _MARK.sub("", bare).strip()
        if quoted or (not marked and _is_ours(bare, sent)):
            current, known = _item_of(bare, by_number, keys, current)
            begun = begun or known or (bool(_signs(bare)) and _signs(bare) in sent)
        elif begun and own_line and not _is_ours(bare, sent):
            found.setdefault(current, []).append(own_line)
    texts = {key: "\n".join(one).strip() for key, one in found.items()}
    rest = texts.pop(None, "")
    return Attributed({key: text for key, text in texts.items() if key is not None and text}, rest)


def _item_of(
    line: str, by_number: Mapping[int, int], keys: frozenset[int] | set[int], current: int | None
) -> tuple[int | None, bool]:
    """The item that a quoted line speaks of, or else the one before it; whether it named one."""
    link = _LINK.search(line)
    if link and int(link[1]) in keys:
        return int(link[1]), True
    numbered = _NUMBERED.fullmatch(line)
    if numbered and int(numbered[1]) in by_number:
        return by_number[int(numbered[1])], True
    return current, False


def _is_ours(line: str, sent: str) -> bool:
    """Programs break and join the lines they quote: signs alone are compared."""
    signs = _signs(_MARK.sub("", line))
    return not signs or (signs in sent and signs not in _BRIEF)


def _signs(text: str) -> str:
    return _SIGNS.sub("", text)
