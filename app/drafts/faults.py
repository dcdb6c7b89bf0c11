"""A fault in something that was handed in: where it is and what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """`path` leads to the value, e.g. ("tasks", 3, "milestones", 0, "due")."""

    path: Path
    message: str


class DraftRejected(Exception):
    """The draft has faults; nothing was written. `lines` are "file:line: where: message"."""

    def __init__(self, faults: Sequence[Fault], lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.faults = tuple(faults)
        self.lines = tuple(lines)


def located(faults: Sequence[Fault], source: str, line_of: Mapping[Path, int]) -> list[str]:
    """Each fault as one line of text; a missing key is shown at its nearest known parent."""
    lines = []
    for fault in faults:
        path = fault.path
        while path and path not in line_of:
            path = path[:-1]
        where = ".".join(str(part) for part in fault.path) or "-"
        lines.append(f"{source}:{line_of.get(path, 1)}: {where}: {fault.message}")
    return lines
