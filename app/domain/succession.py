"""Who holds a duty after departments were renamed, merged or split, or gave duties away.

A split ends the department: every duty goes to one of its heirs, and a plan that names it afterwards must say which.
A transfer takes named tasks out of a department that goes on under its name: everything else stays, and what names it
later means itself.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the record: predecessor and successor. `task_ids`: what goes this way; None: all, or all the rest."""

    id: int
    predecessor: int
    successor: int
    on: date
    ends: bool
    splits: bool = False
    task_ids: Sequence[int] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one department's duties on a day. `rest` gets what `by_task` does not name; None: it stays."""

    predecessor: int
    on: date
    order: int
    heirs: tuple[int, ...]
    by_task: Mapping[int, int]
    rest: int | None

    @property
    def ends(self) -> bool:
        return self.rest is not None

    def heir(self, task_id: int | None) -> int | None:
        """None: the duty stays, or nobody can tell who of several gets it without knowing the task."""
        if task_id is None:
            return self.rest if len(self.heirs) == 1 else None
        return self.by_task.get(task_id, self.rest)


def steps_of(lines: Iterable[Line]) -> list[Step]:
    """In the order of their days; the lines of one split are one step."""
    found: list[Step] = []
    splits: dict[tuple[int, date], list[Line]] = {}
    for line in sorted(lines, key=lambda one: (one.on, one.id)):
        if line.splits:
            splits.setdefault((line.predecessor, line.on), []).append(line)
        elif line.ends:
            found.append(Step(line.predecessor, line.on, line.id, (line.successor,), {}, line.successor))
        else:
            by_task = dict.fromkeys(line.task_ids or (), line.successor)
            found.append(Step(line.predecessor, line.on, line.id, (line.successor,), by_task, None))
    for (predecessor, on), parts in splits.items():
        rest = next((one.successor for one in parts if one.task_ids is None), parts[0].successor)
        by_task = {task: one.successor for one in parts for task in one.task_ids or ()}
        heirs = tuple(dict.fromkeys([rest, *(one.successor for one in parts)]))
        found.append(Step(predecessor, on, parts[0].id, heirs, by_task, rest))
    return sorted(found, key=lambda step: (step.on, step.order))


def way(steps: Sequence[Step], department: int, task_id: int | None = None) -> list[tuple[Step, int]]:
    """The steps by which the duty went from the department to its present holder, each with whom it led to.

    In the order of their days, so that what is given away and comes back later is at home again. Records out of their
    order, as a file may hold them, are followed all the same, but never in a circle.
    """
    passed: list[tuple[Step, int]] = []
    holder = department
    for step in steps:
        heir = step.heir(task_id) if step.predecessor == holder else None
        if heir is not None:
            passed.append((step, heir))
            holder = heir
    seen = {department, *(heir for _step, heir in passed)}
    while True:
        end = next((step for step in steps if step.predecessor == holder and step.ends), None)
        heir = end.heir(task_id) if end is not None else None
        if end is None or heir is None or heir in seen:
            return passed
        seen.add(heir)
        passed.append((end, heir))
        holder = heir


def holder_of(steps: Sequence[Step], department: int, task_id: int | None = None) -> int:
    """A department that was split is its own holder as long as the task is not known."""
    passed = way(steps, department, task_id)
    return passed[-1][1] if passed else department


def final_heirs(steps: Sequence[Step], department: int) -> tuple[int, ...]:
    """All who have anything of a department that has ended; itself where it has not."""
    found: list[int] = []
    seen: set[int] = set()

    def follow(one: int) -> None:
        if one in seen:
            return
        seen.add(one)
        end = end_of(steps, one)
        if end is None:
            found.append(one)
        for heir in end.heirs if end else ():
            follow(heir)

    follow(department)
    return tuple(found)


def main_heir(steps: Sequence[Step], department: int) -> int:
    """Who takes the place of a department that has ended: the first heir of a split."""
    seen = {department}
    while (end := end_of(steps, department)) is not None and end.rest is not None and end.rest not in seen:
        seen.add(end.rest)
        department = end.rest
    return department


def end_of(steps: Iterable[Step], department: int) -> Step | None:
    return next((step for step in steps if step.predecessor == department and step.ends), None)


def leads_back(steps: Sequence[Step], heir: int, predecessors: Collection[int]) -> bool:
    """Whether one of the predecessors would come to follow on itself."""
    seen: set[int] = set()
    open_ = [heir]
    while open_:
        one = open_.pop()
        if one in predecessors:
            return True
        if one not in seen:
            seen.add(one)
            open_ += [later for step in steps if step.predecessor == one and step.ends for later in step.heirs]
    return False
