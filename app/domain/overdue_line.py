"""A line of an overdue list as every page and file of it shows it, live or frozen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, Protocol, TypeVar

from app.domain.workflow import Role


class OverdueLine(Protocol):
    """What a live item and a frozen row have in common; `role` and `state` are the values of Role and State."""

    @property
    def obligation_id(self) -> int: ...
    @property
    def plan_code(self) -> str: ...
    @property
    def plan_title(self) -> str: ...
    @property
    def task_number(self) -> str: ...
    @property
    def task_title(self) -> str: ...
    @property
    def phase(self) -> str: ...
    @property
    def department(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def due(self) -> date: ...
    @property
    def first_due(self) -> date: ...
    @property
    def days_late(self) -> int: ...
    @property
    def extensions(self) -> int: ...


LineT = TypeVar("LineT", bound=OverdueLine)


@dataclass(frozen=True, slots=True)
class DepartmentPart(Generic[LineT]):
    """One department's lines in the order of the list. `fresh`: how many stand on a list for the first time."""

    department: str
    lines: Sequence[LineT]
    fresh: int = 0

    @property
    def leads(self) -> int:
        return sum(1 for line in self.lines if line.role == Role.LEAD)

    @property
    def longest(self) -> int:
        """Days."""
        return max(line.days_late for line in self.lines)


def by_department(lines: Iterable[LineT], weeks: Mapping[int, int] | None = None) -> list[DepartmentPart[LineT]]:
    """Most lines first, then the longest overdue, then by name: the order follows from the lines alone.

    `weeks` maps an obligation to the number of lists in a row that hold it, 1 being the first.
    """
    found: dict[str, list[LineT]] = {}
    for line in lines:
        found.setdefault(line.department, []).append(line)
    parts = [
        DepartmentPart(name, held, sum(1 for line in held if weeks and weeks.get(line.obligation_id) == 1))
        for name, held in found.items()
    ]
    return sorted(parts, key=lambda part: (-len(part.lines), -part.longest, part.department))
