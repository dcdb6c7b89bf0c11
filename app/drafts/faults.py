"""A fault in something that was handed in: where it is and what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """`path` leads to the value, e.g. ("tasks", 3, "milestones", 0, "due"); `line`: where it stands, if known."""

    path: Path
    message: str
    line: int | None = None

    @property
    def where(self) -> str:
        return ".".join(str(part) for part in self.path)


class DraftRejected(Exception):
    """The draft has faults; nothing was written. `lines` are "file:line: where: message"."""

    def __init__(self, faults: Sequence[Fault], lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.faults = tuple(faults)
        self.lines = tuple(lines)


def placed(faults: Sequence[Fault], line_of: Mapping[Path, int]) -> list[Fault]:
    """The faults with their lines; a missing key is shown at its nearest known parent."""
    return [fault if fault.line else replace(fault, line=_line(fault.path, line_of)) for fault in faults]


def _line(path: Path, line_of: Mapping[Path, int]) -> int | None:
    while path and path not in line_of:
        path = path[:-1]
    return line_of.get(path)


def located(faults: Sequence[Fault], source: str, line_of: Mapping[Path, int]) -> list[str]:
    """Each fault as one line of text."""
    return [f"{source}:{fault.line or 1}: {fault.where or '-'}: {fault.message}" for fault in placed(faults, line_of)]
