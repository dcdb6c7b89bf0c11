"""A plan as its page shows it: its tasks in groups, each with its clause and how its milestones stand."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from app.domain.completion import Part
from app.domain.lights import Light
from app.domain.workflow import State
from app.drafts.plan_draft import AssignmentMode, TaskKind
from app.models import Area, Phase, Plan, Task
from app.queries.plan_milestones import PlanMilestone, milestones_of_plan
from app.queries.plans import (
    ClausePart,
    Completion,
    Share,
    areas_of_plan,
    clauses,
    completion,
    phases_of_plan,
    summed,
    tasks_of_plan,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """How a task stands in one phase; `light` is None where nobody reports.

    `parts` are all departments that owe a report; `moved` is the date now in force where it was moved.
    """

    milestone: PlanMilestone
    light: Light | None
    parts: Sequence[Part]
    moved: date | None

    @property
    def done(self) -> int:
        return sum(1 for part in self.parts if part.state is State.ACCEPTED)


@dataclass(frozen=True, slots=True)
class TaskLine:
    """`marks` by phase id."""

    task: Task
    clause: Sequence[ClausePart]
    marks: Mapping[int, Mark]


@dataclass(frozen=True, slots=True)
class TaskGroup:
    """The tasks of one area, or those of one kind that stand in no area (`area` is then None).

    `key` is what the lists' `area` parameter calls it. `phases` are those in which its tasks have milestones.
    """

    key: str
    area: Area | None
    kind: TaskKind
    lines: Sequence[TaskLine]
    phases: Sequence[Phase]
    share: Share


@dataclass(frozen=True, slots=True)
class PlanContents:
    """`phases` are those with obligations; `checkpoints` the other dates, on which the plan itself is judged.

    `all_phases`: those with milestones, whether or not anybody reports on them; stages first, then
    checkpoints, each earliest first.
    """

    completion: Completion
    groups: Sequence[TaskGroup]
    phases: Sequence[Phase]
    all_phases: Sequence[Phase]
    checkpoints: Sequence[Phase]
    tasks: int
    unassigned: int

    @property
    def departments(self) -> list[tuple[int, str, Share]]:
        """(id, name, share), most overdue first: where a leader looks first."""
        shares = self.completion.by_department
        rows = [(key, name, shares[key]) for key, name in self.completion.department_names.items()]
        return sorted(rows, key=lambda row: (-row[2].overdue, row[2].percent))


def plan_contents(session: Session, plan: Plan, today: date) -> PlanContents:
    """Six queries, whatever the size of the plan."""
    plan_id = plan.id or 0
    done = completion(session, plan_id, today)
    tasks = tasks_of_plan(session, plan_id)
    clause = clauses(session, [task.id or 0 for task in tasks])
    marks: dict[int, dict[int, Mark]] = defaultdict(dict)
    for milestone in milestones_of_plan(session, plan_id):
        light, parts = done.standing.get(milestone.id, (None, []))
        marks[milestone.task_id][milestone.phase_id] = Mark(milestone, light, parts, done.moved.get(milestone.id))
    phases = phases_of_plan(session, plan_id)
    areas = areas_of_plan(session, plan_id)
    gathered: dict[str, list[TaskLine]] = {area.number: [] for area in areas}
    numbers = {area.id: area.number for area in areas}
    for task in tasks:
        key = numbers.get(task.area_id, task.kind.value)
        gathered.setdefault(key, []).append(TaskLine(task, clause.get(task.id or 0, []), marks[task.id or 0]))
    by_number = {area.number: area for area in areas}
    return PlanContents(
        completion=done,
        groups=[_group(key, by_number.get(key), lines, phases, done) for key, lines in gathered.items() if lines],
        phases=[phase for phase in phases if phase.id in done.by_phase],
        all_phases=sorted(
            (phase for phase in phases if phase.id in {key for own in marks.values() for key in own}),
            key=lambda phase: (phase.checkpoint is not None, phase.due or date.max, phase.position),
        ),
        checkpoints=[phase for phase in phases if phase.checkpoint is not None and phase.id not in done.by_phase],
        tasks=len(tasks),
        unassigned=sum(1 for task in tasks if task.mode is AssignmentMode.UNASSIGNED),
    )


def _group(
    key: str, area: Area | None, lines: Sequence[TaskLine], phases: Sequence[Phase], done: Completion
) -> TaskGroup:
    used = {phase_id for line in lines for phase_id in line.marks}
    return TaskGroup(
        key=key,
        area=area,
        kind=lines[0].task.kind,
        lines=lines,
        phases=[phase for phase in phases if phase.id in used],
        share=summed(done.by_task[line.task.id or 0] for line in lines if line.task.id in done.by_task),
    )
