"""The marks of a plan as a table: its tasks against its departments, or the part of it that is asked for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from app.domain.workflow import Role
from app.drafts.department_register import DepartmentKind
from app.drafts.plan_draft import TaskKind
from app.models import Area, Task
from app.queries.department_names import members_of
from app.queries.responsibilities import Column, Mark, Pairs, Register, Sums


@dataclass(frozen=True, slots=True)
class Asked:
    """Ids; None: all. `outside`: the tasks of this kind that belong to no area."""

    area_id: int | None = None
    outside: TaskKind | None = None
    role: Role | None = None
    group_id: int | None = None
    department_id: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """`marks` in the order of the columns."""

    task: Task
    marks: Sequence[Mark | None]
    sums: Sums


@dataclass(frozen=True, slots=True)
class Group:
    """The tasks of one area, or those of one kind that stand in no area."""

    key: str
    area: Area | None
    kind: TaskKind
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Matrix:
    """`kinds`: how many columns in a row each kind of department has. `used`: the roles that occur."""

    columns: Sequence[Column]
    kinds: Sequence[tuple[DepartmentKind, int]]
    groups: Sequence[Group]
    sums: Sums

    @property
    def used(self) -> list[Role]:
        return [role for role in Role if self.sums.by_role[role]]

    @property
    def tasks(self) -> int:
        return sum(len(group.lines) for group in self.groups)


def matrix_of(session: Session, register: Register, pairs: Pairs, asked: Asked) -> Matrix:
    """The part that is asked for; with a role, group or department only tasks and departments that have marks."""
    chosen: Collection[int] | None = None
    if asked.group_id is not None:
        chosen = {key for key, _name in members_of(session, {asked.group_id}).get(asked.group_id, [])}
    if asked.department_id is not None:
        chosen = {asked.department_id} if chosen is None else {asked.department_id} & set(chosen)
    tasks = [task for task in register.tasks if _within(task, asked)]
    keys = {task.id for task in tasks}
    shown_pairs = {
        pair: mark
        for pair, mark in pairs.items()
        if pair[0] in keys and asked.role in {None, mark.role} and (chosen is None or pair[1] in chosen)
    }
    marked = {department_id for _task_id, department_id in shown_pairs}
    used = [Column(one.department_id, one.name, one.kind) for one in register.columns if one.department_id in marked]
    narrowed = asked.role is not None or chosen is not None
    sums = Sums()
    by_key: dict[str, tuple[Area | None, list[Line]]] = {}
    areas = {area.id: area for area in register.areas}
    for task in tasks:
        line = _line(task, used, shown_pairs, sums)
        if narrowed and not line.sums.total:
            continue
        area = areas.get(task.area_id)
        by_key.setdefault(area.number if area else task.kind.value, (area, []))[1].append(line)
    kinds = [(kind, sum(1 for column in used if column.kind is kind)) for kind in DepartmentKind]
    return Matrix(
        columns=used,
        kinds=[pair for pair in kinds if pair[1]],
        groups=[Group(key, area, lines[0].task.kind, lines) for key, (area, lines) in by_key.items()],
        sums=sums,
    )


def _within(task: Task, asked: Asked) -> bool:
    if asked.outside is not None and (task.area_id is not None or task.kind is not asked.outside):
        return False
    return asked.area_id in {None, task.area_id}


def _line(task: Task, columns: Sequence[Column], pairs: Pairs, whole: Sums) -> Line:
    sums = Sums()
    marks = []
    for column in columns:
        mark = pairs.get((task.id or 0, column.department_id))
        marks.append(mark)
        if mark is not None:
            for total in (sums, column.sums, whole):
                total.add(mark.role)
    return Line(task, marks, sums)
