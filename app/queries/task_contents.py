"""A task as its page shows it: clause, measures, and who stands how on each of its milestones."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from app.domain.completion import Part, milestone_light, waits
from app.domain.lights import Light, shown
from app.domain.workflow import Role, State
from app.models import Area, Milestone, Phase, Plan, Task
from app.queries.department_names import members_of, present_names
from app.queries.obligations import ObligationRow, task_obligations
from app.queries.plan_notes import Note, notes_about
from app.queries.plans import ClausePart, MilestoneRow, clauses, measures, milestones_of_task
from app.queries.waiting import PRESSING

_LATEST = 5  # reports quoted on the page; all others are one click away

_ORDER = {Role.LEAD: 0, Role.SHARED: 1, Role.SUPPORT: 2}


@dataclass(frozen=True, slots=True)
class TaskMilestone:
    """`waiting` maps an unfinished lead to the supporters that have not reported yet.

    `moved`: a date now in force that is not the milestone's, and the departments to which it was granted.
    """

    milestone: Milestone
    phase: Phase
    light: Light | None
    waiting: Mapping[str, Sequence[str]]
    moved: Sequence[tuple[date, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Standing:
    """One department in one role: its obligation by milestone id."""

    department_id: int
    department: str
    role: Role
    by_milestone: Mapping[int, ObligationRow]


@dataclass(frozen=True, slots=True)
class TaskContents:
    """`members` of the groups in the clause; `now` is who holds a named department's duties today."""

    area: Area | None
    clause: Sequence[ClausePart]
    members: Mapping[int, Sequence[tuple[int, str]]]
    now: Mapping[int, str]
    measures: Sequence[str]
    milestones: Sequence[TaskMilestone]
    standings: Sequence[Standing]
    withdrawn: Sequence[ObligationRow]
    latest: Sequence[ObligationRow]
    notes: Sequence[Note]

    @property
    def departments(self) -> frozenset[int]:
        """Everybody who takes part."""
        return frozenset(standing.department_id for standing in self.standings) | frozenset(
            row.department_id for row in self.withdrawn
        )


def task_contents(session: Session, plan: Plan, task: Task, today: date) -> TaskContents:
    """A constant number of queries."""
    task_id = task.id or 0
    clause = clauses(session, [task_id]).get(task_id, [])
    rows = task_obligations(session, task_id)
    live = [row for row in rows if row.state is not State.CANCELLED]
    by_milestone: dict[int, list[ObligationRow]] = defaultdict(list)
    by_holder: dict[tuple[int, str, Role], dict[int, ObligationRow]] = defaultdict(dict)
    for row in live:
        by_milestone[row.milestone_id].append(row)
        by_holder[row.department_id, row.department, row.role][row.milestone_id] = row
    reported = [row for row in live if row.last_on is not None]
    return TaskContents(
        area=session.get(Area, task.area_id) if task.area_id is not None else None,
        clause=clause,
        members=members_of(session, {part.group_id for part in clause if part.group_id is not None}),
        now=present_names(session, plan.region_id, today, task_id=task_id),
        measures=measures(session, task_id),
        milestones=[
            _milestone(row, by_milestone[row.milestone.id or 0], today) for row in milestones_of_task(session, task_id)
        ],
        standings=sorted(
            (Standing(key, name, role, own) for (key, name, role), own in by_holder.items()),
            key=lambda standing: _ORDER[standing.role],
        ),
        withdrawn=[row for row in rows if row.state is State.CANCELLED],
        latest=sorted(reported, key=lambda row: (row.last_on or today, row.id), reverse=True)[:_LATEST],
        notes=notes_about(session, plan.id or 0, f"task:{task.number}"),
    )


def _milestone(found: MilestoneRow, rows: Sequence[ObligationRow], today: date) -> TaskMilestone:
    parts = [
        (
            Part(row.department, row.role, row.state),
            shown(row.state, row.due, today, risk=row.risk, reported=row.last_on is not None).light,
        )
        for row in rows
    ]
    light = milestone_light(parts)
    waiting: dict[str, list[str]] = defaultdict(list)
    if light in PRESSING:
        for who, whom in waits(part for part, _light in parts):
            waiting[who].append(whom)
    moved: dict[date, list[str]] = defaultdict(list)
    for row in rows:
        if row.due is not None and row.due != found.milestone.due:
            moved[row.due].append(row.department)
    return TaskMilestone(found.milestone, found.phase, light, waiting, sorted(moved.items()))
