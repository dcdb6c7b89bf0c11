"""What the validation of a draft found, as sentences for who wrote the file."""

from collections.abc import Callable, Mapping
from typing import Any

from app.i18n import gettext as _

Found = Mapping[str, Any]  # one entry of ValidationError.errors()

_SENTENCES: dict[str, Callable[[Found], str]] = {
    "missing": lambda _item: _("缺少这一项"),
    "extra_forbidden": lambda _item: _("没有这一项，请检查拼写"),
    "enum": lambda item: _("只能是%(expected)s") % {"expected": _ctx(item, "expected").replace(" or ", _("或"))},
    "string_type": lambda _item: _("应为文字"),
    "string_too_long": lambda item: _("不能超过%(limit)s个字") % {"limit": _ctx(item, "max_length")},
    "string_pattern_mismatch": lambda item: _("写法不对，应符合 %(pattern)s") % {"pattern": _ctx(item, "pattern")},
    "list_type": lambda _item: _("应为列表"),
    "tuple_type": lambda _item: _("应为列表"),
    "too_short": lambda item: _("至少要有%(count)s项") % {"count": _ctx(item, "min_length")},
    "too_long": lambda item: (
        _SENTENCES["string_too_long"](item)
        if isinstance(item.get("input"), str)
        else _("最多只能有%(count)s项") % {"count": _ctx(item, "max_length")}
    ),
    "model_type": lambda _item: _("应为若干行“名称: 值”"),
    "model_attributes_type": lambda _item: _("应为若干行“名称: 值”"),
    "dict_type": lambda _item: _("应为若干行“名称: 值”"),
    "finite_number": lambda _item: _("应为有限的数字"),
    "value_error": lambda item: str(item.get("ctx", {}).get("error", item["msg"])),
}
# Several types of pydantic that say the same to a reader.
_KINDS: tuple[tuple[str, Callable[[], str]], ...] = (
    ("date", lambda: _("不是日期，应如2024-12-31")),
    ("int", lambda: _("应为整数")),
    ("float", lambda: _("应为数字")),
)


def _ctx(item: Found, name: str) -> str:
    return str(item.get("ctx", {}).get(name, ""))


def sentence(item: Found) -> str:
    """One entry of ValidationError.errors() in words; an unknown kind keeps pydantic's."""
    kind = str(item["type"])
    if kind in _SENTENCES:
        return _SENTENCES[kind](item)
    if kind in {"greater_than_equal", "less_than_equal"}:
        limit = item["ctx"]["ge" if kind.startswith("greater") else "le"]
        least = _("不能小于%(limit)s") if kind.startswith("greater") else _("不能大于%(limit)s")
        return least % {"limit": limit}
    return next((words() for prefix, words in _KINDS if kind.startswith(prefix)), str(item["msg"]))
