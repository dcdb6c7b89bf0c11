"""What the validators find wrong, in sentences; and the domain's own faults, field by field."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.i18n import gettext as _
from app.routers.api.problem import FieldFault, Place

_LONGEST_NAME = 100
_FROM = {"path": Place.PATH, "query": Place.QUERY, "header": Place.HEADER}


def faults_of(errors: Sequence[Mapping[str, Any]]) -> list[FieldFault]:
    """Of pydantic's errors. What was sent is not repeated: it may be a secret in the wrong place, or endless."""
    return [_fault(error) for error in errors]


def _fault(error: Mapping[str, Any]) -> FieldFault:
    place, *path = error["loc"] or ("body",)
    name = ".".join(str(part)[:_LONGEST_NAME] for part in path if not str(part).startswith("function-"))
    return FieldFault(place=_FROM.get(place, Place.BODY), field=name[:300], message=_sentence(error))


def _sentence(error: Mapping[str, Any]) -> str:
    context: Mapping[str, Any] = error.get("ctx", {})
    return _sentences().get(error["type"], _("取值不符合接口说明。")) % {
        "limit": next((context[name] for name in _LIMITS if name in context), ""),
        "expected": context.get("expected", ""),
    }


_LIMITS = ("ge", "le", "max_length", "min_length")


def _sentences() -> dict[str, str]:
    """By pydantic's name of the fault."""
    of_kind, whole = _("取值应为%(expected)s之一。"), _("应为整数。")
    yes_or_no, text = _("应为 true 或 false。"), _("应为文本。")
    return {
        "missing": _("缺少此项。"),
        "extra_forbidden": _("没有这一项，请核对名称。"),
        "enum": of_kind,
        "literal_error": of_kind,
        "int_parsing": whole,
        "int_type": whole,
        "int_from_float": whole,
        "int_parsing_size": whole,
        "bool_parsing": yes_or_no,
        "bool_type": yes_or_no,
        "greater_than_equal": _("不能小于%(limit)s。"),
        "less_than_equal": _("不能大于%(limit)s。"),
        "string_too_long": _("不能超过%(limit)s个字符。"),
        "string_too_short": _("不能少于%(limit)s个字符。"),
        "too_long": _("不能多于%(limit)s个。"),
        "string_type": text,
        "string_unicode": text,
        "json_invalid": _("请求正文不是有效的JSON。"),
        "string_pattern_mismatch": _("格式不符合接口说明。"),
        "iso_day": _("应为日期，写作 2024-12-31。"),
    }


def domain_faults(fields: Mapping[str, str]) -> list[FieldFault]:
    """Of `Invalid`; its fields are named as those of the body."""
    return [FieldFault(place=Place.BODY, field=name, message=sentence) for name, sentence in fields.items()]


def unknown_parameters(names: Sequence[str]) -> list[FieldFault]:
    """A mistyped filter must not be ignored: the answer would look like that to another question."""
    message = _("没有这个参数，请核对名称。")
    return [FieldFault(place=Place.QUERY, field=name[:_LONGEST_NAME], message=message) for name in names]


def repeated_parameters(names: Sequence[str]) -> list[FieldFault]:
    message = _("此参数只能出现一次。")
    return [FieldFault(place=Place.QUERY, field=name[:_LONGEST_NAME], message=message) for name in names]
