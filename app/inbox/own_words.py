"""What the writer of an answer wrote himself: above the quoted mail, and without the marks of his office below.

The library knows how programs of the world write the line above a quoted mail and what signatures begin with; the
mail programs of Chinese offices (Outlook, Foxmail, QQ, 163, Aliyun, phones) are known here.
"""

import re
from dataclasses import dataclass

from mailparser_reply.parser import EmailMessage

_QUOTED = (
    "original message|original|forwarded message"
    "|原始邮件|原邮件|邮件原件|回复的原邮件|转发的邮件|原始信件|原信|原始郵件"
)
_LINE_ABOVE = re.compile(rf"[>\s]*[-—=]{{2,}}\s*({_QUOTED})\s*[-—=]{{2,}}\s*", re.IGNORECASE)
_FROM = re.compile(r"[>*\s]*(发件人|发件者|寄件者|寄件人|from)\s{0,3}\*{0,2}\s{0,3}[:：].{0,500}", re.IGNORECASE)
_BESIDE_FROM = re.compile(
    r"[>*\s]*(发送时间|发送日期|日期|时间|收件人|抄送|主\s{0,3}题|寄件日期|sent|date|to|cc|subject)\s{0,3}\*{0,2}\s{0,3}[:：].{0,2000}",
    re.IGNORECASE,
)
_WROTE = re.compile(r".{0,300}(写道|寫道|来信|wrote)\s{0,3}[:：]\s*", re.IGNORECASE)
_DATED = re.compile(r"\d{4}\D{1,3}\d{1,2}\D{1,3}\d{1,2}|\d{1,2}:\d{2}")
_BEGINS = re.compile(r"[>\s]*(在|于|at|on)\s?\S", re.IGNORECASE)
_RULE = re.compile(r"\s*[-_—=*]{5,}\s*|--\s?|\s*\|(\s{0,3}\|)?\s*")  # the last: the frame of a card (163)
_PROGRAMS = "手机|iphone|ipad|android|华为|荣耀|小米|foxmail|邮箱大师|qq邮箱|网易邮箱|企业微信|钉钉|outlook|windows"
_SIGNED = re.compile(
    rf"\s*(发自|来自|从)\s{{0,2}}(我的)?\s{{0,2}}.{{0,30}}({_PROGRAMS}).{{0,30}}|\s*(发自我的|从我的).{{1,30}}"
    r"|\s*(获取|下载)\s{0,2}outlook.{0,60}|\s*sent from .{1,60}|\s*get outlook for .{1,60}",
    re.IGNORECASE,
)
_SPREAD = re.compile(r"\n{3,}")
_MOST_FOR_LIBRARY = 10_000
_LONGEST_LINE = 2_000
_SIGNATURE_LINES = 8


@dataclass(frozen=True, slots=True)
class Words:
    """`own`: above the quoted mail. `body`: that without the signature. `below`: the quoted mail and what is in it."""

    own: str
    body: str
    below: str


def own_words(text: str) -> Words:
    lines = [line.rstrip().replace("\t", " ") for line in text.split("\n")]
    cut = next((at for at in range(len(lines)) if _quote_begins(lines, at)), len(lines))
    while 0 < cut < len(lines) and (not lines[cut - 1].strip() or _RULE.fullmatch(lines[cut - 1])):
        cut -= 1
    own = _SPREAD.sub("\n\n", "\n".join(lines[:cut])).strip("\n")
    below = "\n".join(lines[cut:])
    above, more = _by_library(_unsigned(own))  # which drops lines of dashes before it looks
    body = _unsigned(above)
    return Words(own.strip(), body or above.strip() or own.strip(), f"{more}\n{below}" if more else below)


def _quote_begins(lines: list[str], at: int) -> bool:
    line = lines[at]
    if len(line) > _LONGEST_LINE:
        return False
    if line.lstrip().startswith(">") or _LINE_ABOVE.fullmatch(line):
        return True
    if _FROM.fullmatch(line) and any(_BESIDE_FROM.fullmatch(one) for one in lines[at + 1 : at + 6]):
        return True
    if _WROTE.fullmatch(line):
        return _DATED.search(line) is not None
    following = lines[at + 1] if at + 1 < len(lines) else ""
    # The line above the quoted mail may be broken in two.
    return bool(_BEGINS.match(line) and _DATED.search(line) and _WROTE.fullmatch(following))


def _by_library(own: str) -> tuple[str, str]:
    """(what stands above the next quoted mail without signature, the rest)."""
    if not own or len(own) > _MOST_FOR_LIBRARY or any(len(line) > _LONGEST_LINE for line in own.split("\n")):
        return own, ""
    read = EmailMessage(text=own, languages=["zh", "en"], keep_hyphen_lists=True).read()
    first, *others = read.replies
    return (first.body or first.content), "\n".join(one.content for one in others)


def _unsigned(text: str) -> str:
    """Without what phones write below, and without a short block under a line of dashes at the end."""
    lines = text.split("\n")
    while lines and (not lines[-1].strip() or _SIGNED.fullmatch(lines[-1])):
        lines.pop()
    signed = range(max(1, len(lines) - 1 - _SIGNATURE_LINES), len(lines))
    lines = lines[: next((at for at in signed if _RULE.fullmatch(lines[at])), len(lines))]
    while lines and (not lines[-1].strip() or _SIGNED.fullmatch(lines[-1])):
        lines.pop()
    return "\n".join(lines).strip()
