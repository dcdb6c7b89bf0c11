"""Marks Chinese text on a page that speaks another language (WCAG 3.1.2), so that it is read out as Chinese.

Plans, names and reports are Chinese whatever the page speaks, and stand in every corner of every template. Marking
them where the page is finished costs a few milliseconds on English pages alone and forgets none. It relies on what
autoescape and a test of the templates hold: no bare "<" or ">" inside a text or an attribute.
"""

import re

TAG = "zh-CN"
_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_CHINESE = re.compile(f"[{_HAN}]")
_SIGN = "\u3000-\u303f\uff00-\uffef“”‘’…—·"
# From the first character to the last with the signs at both, over figures and blanks between; words of another script
# end it unless they stand within, as in 推进APP建设. No part can match in two ways and nothing is tried again ("+"
# behind a quantifier): a report of 10 000 characters takes a millisecond.
_PIECE = f"[{_SIGN}]*+[{_HAN}][{_HAN}{_SIGN}]*+"
_FIGURES = f"[^A-Za-z&<{_HAN}{_SIGN}]++"
_GAP = f"(?:{_FIGURES}(?:[{_SIGN}]++{_FIGURES})*+|[0-9]*+[A-Za-z][A-Za-z0-9]*+)"  # within: 〔2024〕9
_RUN = re.compile(f"(?<![{_SIGN}]){_PIECE}(?:{_GAP}{_PIECE})*+")
# These hold text and no elements: their start tag is marked.
_TEXT_ONLY = frozenset({"title", "option", "textarea", "text", "tspan", "desc"})
_NEVER = frozenset({"script", "style"})
_VALUE = re.compile(r'\bvalue="([^"]*)"')


def mark_chinese(html: str) -> str:
    """A whole page or a fragment; what is marked already stays as it is."""
    if not _CHINESE.search(html):
        return html
    pieces = html.split("<")
    last = len(pieces) - 1
    for number, piece in enumerate(pieces):
        if not _CHINESE.search(piece):
            continue
        start, closed, text = piece.rpartition(">")
        name = start.split(None, 1)[0].lower() if start.strip() else ""
        if name in _NEVER or name.startswith("!"):
            continue
        if _CHINESE.search(text) and "lang=" not in start:
            alone = number < last and pieces[number + 1].startswith(f"/{name}")
            if name in _TEXT_ONLY or (alone and _is_one_run(text)):
                start = f'{start} lang="{TAG}"'
            elif name != "/tspan":
                text = _RUN.sub(_wrapped, text)
        elif name == "input" and _is_chinese_value(start):
            start = f'{start.rstrip(" /")} lang="{TAG}"'
        pieces[number] = start + closed + text
    return "<".join(pieces)


def _is_one_run(text: str) -> bool:
    return _RUN.fullmatch(text.strip()) is not None


def _is_chinese_value(start: str) -> bool:
    value = _VALUE.search(start)
    return "lang=" not in start and value is not None and _CHINESE.search(value[1]) is not None


def _wrapped(run: re.Match[str]) -> str:
    chinese = run[0]
    if chinese.startswith("“") and chinese.endswith("”"):  # the sentence's quotation marks, not the name's
        return f'“<bdi lang="{TAG}">{chinese[1:-1]}</bdi>”'
    return f'<bdi lang="{TAG}">{chinese}</bdi>'
