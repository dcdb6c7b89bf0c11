"""A body of HTML as text: quoted parts begin with ">", and what leads to an obligation says so."""

import re

import html2text

_LONGEST = 100_000  # signs; what was written stands above what is quoted
_ANCHOR = re.compile(
    r'<a\s[^<>]{0,600}?href\s{0,3}=\s{0,3}["\']?[^<>"\']{0,400}/obligations/(\d{1,18})["\'][^<>]{0,600}>', re.IGNORECASE
)
_LISTS = re.compile(r"<(?:ol|ul|dl)\b", re.IGNORECASE)
_MOST_LISTS = 200  # the library's time grows with the square of their depth
_BREAKS = re.compile(r"\n{3,}")


def text_of_html(html: str) -> str:
    """Scripts and styles are left out. Never raises: what cannot be read as HTML is given without its marks."""
    # The address is nowhere to be seen in HTML; in the quoted text it tells where an item ends.
    html = _closed(_ANCHOR.sub(lambda found: f"{found[0]}〔/obligations/{found[1]}〕", _closed(html[:_LONGEST])))
    text = _read(html) if sum(1 for _found in _LISTS.finditer(html)) <= _MOST_LISTS else None
    if text is None:
        text = re.sub(r"<[^<>]*>", " ", html)
    lines = (re.sub(r"^((?:> ?)*)(\s*)\\?([-+*#]|\d+\\?[.)])", _unescaped, line) for line in text.splitlines())
    return _BREAKS.sub("\n\n", "\n".join(line.rstrip() for line in lines)).strip()


def _read(html: str) -> str | None:
    reader = html2text.HTML2Text(bodywidth=0)
    reader.ignore_links = True
    reader.ignore_images = True
    reader.ignore_emphasis = True
    reader.ignore_tables = True
    reader.single_line_break = True
    try:
        text: str = reader.handle(html)
    except (AssertionError, ValueError, RecursionError, IndexError, KeyError, TypeError):
        return None
    return text


def _closed(html: str) -> str:
    """Without comments and declarations; a "<" that no ">" follows begins nothing.

    The standard library looks for the end of each again and again.
    """
    said, *hidden = html.split("<!--")
    said += "".join(one.partition("-->")[2] if "-->" in one else one for one in hidden)
    first, *others = said.split("<")
    return first + "".join(_tag(one) for one in others)


def _tag(text: str) -> str:
    if ">" not in text:
        return f"&lt;{text}"
    return text.partition(">")[2] if text.startswith(("!", "?")) else f"<{text}"


def _unescaped(found: re.Match[str]) -> str:
    """The library writes Markdown: "1\\. 已完成" is a line that begins with a number."""
    return f"{found[1]}{found[2]}{found[3].replace(chr(92), '')}"
