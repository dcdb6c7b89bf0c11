"""YAML files of drafts, read so that every value knows its line."""

from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from app.documents.reading.fault_sentences import sentence
from app.drafts.faults import DraftRejected, Fault, Path, located, placed
from app.i18n import gettext as _

DEEPEST = 20  # a plan is five levels deep; deeper ones would exhaust the stack
_LIBYAML = getattr(yaml, "CSafeLoader", None)  # ten times as fast, where it was built


class _PlainLoader(_LIBYAML or yaml.SafeLoader):  # type: ignore[misc]
    """Dates stay text: 2024-02-30 must become a located fault, not a crash inside the parser.

    So do yes, no, on and off, which YAML 1.1 takes for booleans, even as keys.
    """


_LEFT_AS_TEXT = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool"}


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in rules if tag not in _LEFT_AS_TEXT]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _lines(node: yaml.Node, path: Path, found: dict[Path, int], twice: list[Fault]) -> None:
    """The line of each value; `twice` gets the keys of which YAML would silently keep the last alone."""
    found[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            if here in found:
                twice.append(Fault(here, _("写了两次"), key.start_mark.line + 1))
            _lines(value, here, found, twice)
            found[here] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _lines(value, (*path, index), found, twice)


class _Refused(yaml.MarkedYAMLError):
    """Right YAML that we do not take; `problem` says in words why."""

    def __init__(self, problem: str, event: yaml.Event) -> None:
        super().__init__(problem=problem)
        self.problem_mark = event.start_mark  # type: ignore[assignment]  # libyaml's own marks say the same


def _refuse_tricks(text: str) -> None:
    """Raises _Refused for aliases, which can blow up to anything, and for bottomless nesting."""
    depth = 0
    for event in yaml.parse(text, Loader=_PlainLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _Refused(_("不能使用&和*引用，请写出全文"), event)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise _Refused(_("层次过多"), event)


def _unstorable(value: object, path: Path) -> Iterator[Fault]:
    """NUL and halves of characters can be written as escapes, and no database takes them."""
    if isinstance(value, str):
        if any(sign == "\x00" or "\ud800" <= sign <= "\udfff" for sign in value):
            yield Fault(path, _("含有不能保存的字符"))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _unstorable(inner, (*path, str(key)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _unstorable(inner, (*path, index))


D = TypeVar("D", bound=BaseModel)


def read_draft(path: FilePath, shape: type[D]) -> tuple[D, dict[Path, int]]:
    """The draft in `path` and the line of each of its values.

    Raises DraftRejected with every fault of form, one line each with file and line.
    """
    return read_draft_bytes(path.read_bytes(), str(path), shape)


def read_draft_bytes(content: bytes, source: str, shape: type[D]) -> tuple[D, dict[Path, int]]:
    """The same for what was handed in otherwise, called `source` in its faults; JSON is YAML, too."""
    line_of: dict[Path, int] = {}
    faults: list[Fault] = []
    try:
        text = content.decode("utf-8-sig")
        if text.lstrip().startswith("{"):
            text = text.replace("\t", " ")  # JSON may be indented with tabs, YAML may not
        _refuse_tricks(text)
        loader = _PlainLoader(text)
        node = loader.get_single_node()
        if node is not None:
            _lines(node, (), line_of, faults)
        data = loader.construct_document(node) if node is not None else {}
    except UnicodeDecodeError as error:
        raise _rejected([Fault((), _("不是UTF-8编码的文本，请另存为UTF-8"))], source, {}) from error
    except (yaml.YAMLError, ValueError) as error:  # the constructor raises ValueError for numbers beyond measure
        mark = getattr(error, "problem_mark", None)
        words = (
            error.problem if isinstance(error, _Refused) else _("不是正确的YAML或JSON，请检查这一行的缩进、引号和括号")
        )
        raise _rejected([Fault((), words or "", mark.line + 1 if mark else 1)], source, {}) from error
    faults += _unstorable(data, ())
    try:
        draft = shape.model_validate(data)
    except ValidationError as error:
        faults += [Fault(tuple(item["loc"]), sentence(item)) for item in error.errors()]
        raise _rejected(faults, source, line_of) from error
    if faults:
        raise _rejected(faults, source, line_of)
    return draft, line_of


def _rejected(faults: list[Fault], source: str, line_of: dict[Path, int]) -> DraftRejected:
    return DraftRejected(placed(faults, line_of), located(faults, source, line_of))
