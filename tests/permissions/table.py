"""Reads the tables of docs/permissions.md."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.permissions.world import PEOPLE, Door

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "permissions.md"
CELLS = frozenset({"page", "done", "sign-in", "hidden", "public", "scope"})


@dataclass(frozen=True)
class Table:
    """`cells`: what comes to whom."""

    cells: Mapping[Door, Mapping[str, str]]

    def of(self, person: str) -> Mapping[Door, str]:
        return {door: row[person] for door, row in self.cells.items() if person in row}

    @property
    def size(self) -> int:
        return sum(len(row) for row in self.cells.values())


def section(title: str) -> str:
    found = re.search(
        rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert found is not None, f"docs/permissions.md has no section “{title}”"
    return found[1]


def rows(text: str) -> list[list[str]]:
    """The cells of the lines of a table, its heading among them, the line under the heading not."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if not line.startswith("|--")]


def read_table(title: str) -> Table:
    heading, *found = rows(section(title))
    assert heading == ["Route", *PEOPLE], f"the columns of “{title}” are {heading}"
    cells = {}
    for name, *said in found:
        method, path = name.strip("`").split(" ", 1)
        door = Door(path, method)
        assert door not in cells, f"{name} stands twice in “{title}”"
        assert len(said) == len(PEOPLE), f"{name} has {len(said)} cells"
        assert set(said) <= CELLS, f"{name}: {set(said) - CELLS}"
        cells[door] = dict(zip(PEOPLE, said, strict=True))
    return Table(cells)
