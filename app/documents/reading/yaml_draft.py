"""YAML files of drafts, read so that every value knows its line."""

from pathlib import Path as FilePath
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from app.drafts.faults import DraftRejected, Fault, Path, located


class _PlainLoader(yaml.SafeLoader):
    """Dates stay text: 2024-02-30 must become a located fault, not a crash inside the parser.

    So do yes, no, on and off, which YAML 1.1 takes for booleans, even as keys.
    """


_LEFT_AS_TEXT = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool"}


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in rules if tag not in _LEFT_AS_TEXT]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _lines(node: yaml.Node, path: Path, found: dict[Path, int]) -> None:
    found[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _lines(value, (*path, str(key.value)), found)
            found[*path, str(key.value)] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _lines(value, (*path, index), found)


D = TypeVar("D", bound=BaseModel)


def read_draft(path: FilePath, shape: type[D]) -> tuple[D, dict[Path, int]]:
    """The draft in `path` and the line of each of its values.

    Raises DraftRejected with every fault of form, one line each with file and line.
    """
    try:
        loader = _PlainLoader(path.read_text(encoding="utf-8"))
        node = loader.get_single_node()
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        fault = Fault((), f"not readable as YAML: {getattr(error, 'problem', error)}")
        raise DraftRejected([fault], located([fault], str(path), {(): line})) from error
    line_of: dict[Path, int] = {}
    if node is not None:
        _lines(node, (), line_of)
    data = loader.construct_document(node) if node is not None else {}
    try:
        return shape.model_validate(data), line_of
    except ValidationError as error:
        faults = [Fault(tuple(item["loc"]), item["msg"]) for item in error.errors()]
        raise DraftRejected(faults, located(faults, str(path), line_of)) from error
