"""The tasks of a plan that is being published: passage, measures, responsibility clause, milestones."""

from collections.abc import Iterable

from sqlalchemy import delete
from sqlmodel import col, select

from app.changes.publication import Work
from app.changes.publish_obligations import Duties, publish_obligations
from app.domain.workflow import WEIGHT, Role
from app.drafts.plan_draft import PlanDraft, PlanStatus, TaskDraft
from app.models import Assignment, Measure, Milestone, Task


def publish_tasks(work: Work, draft: PlanDraft) -> None:
    session, plan = work.session, work.plan
    known = {task.number: task for task in session.exec(select(Task).where(Task.plan_id == plan.id))}
    for task in known.values():
        task.withdrawn = True
    rows: list[tuple[Task, TaskDraft]] = []
    for position, given in enumerate(draft.tasks):
        row = known.get(given.number) or Task(
            region_id=plan.region_id,
            plan_id=plan.id or 0,
            number=given.number,
            title="",
            kind=given.kind,
            mode=given.mode,
        )
        row.sqlmodel_update(
            {
                "area_id": work.areas[given.area].id if given.area is not None else None,
                "kind": given.kind,
                "title": given.title,
                "mode": given.mode,
                "line": given.line,
                "position": position,
                "withdrawn": False,
            }
        )
        session.add(row)
        rows.append((row, given))
    session.flush()
    task_ids = [task.id for task in known.values()]
    session.exec(delete(Measure).where(col(Measure.task_id).in_(task_ids)))
    session.exec(delete(Assignment).where(col(Assignment.task_id).in_(task_ids)))
    for row, given in rows:
        session.add_all(
            Measure(task_id=row.id or 0, position=position, text=text) for position, text in enumerate(given.measures)
        )
        session.add_all(_assignments(work, row, given))
    _milestones(work, rows)
    session.flush()


def _assignments(work: Work, row: Task, given: TaskDraft) -> Iterable[Assignment]:
    for role, names, printed in _clause(given):
        for position, name in enumerate(names):
            holder = work.holder(name)
            yield Assignment(
                region_id=row.region_id,
                task_id=row.id or 0,
                role=role,
                position=position,
                printed=printed[position],
                department_id=holder.department_id,
                group_id=holder.group_id,
            )


def _clause(given: TaskDraft) -> list[tuple[Role, list[str], list[str]]]:
    supporting = Role.SUPPORT if given.lead else Role.SHARED
    return [
        (Role.LEAD, given.lead, given.as_printed.lead),
        (supporting, given.support, given.as_printed.support),
    ]


def _milestones(work: Work, rows: list[tuple[Task, TaskDraft]]) -> None:
    session, plan = work.session, work.plan
    known = {
        (milestone.task_id, milestone.phase_id): milestone
        for milestone in session.exec(
            select(Milestone).where(Milestone.plan_id == plan.id, col(Milestone.task_id).is_not(None))
        )
    }
    for stale in known.values():
        stale.withdrawn = True
    wanted: dict[tuple[int, int], tuple[Milestone, Duties]] = {}
    for row, given in rows:
        holders = _duties(work, row, given) if plan.status is not PlanStatus.CLOSED else {}
        for position, milestone_draft in enumerate(given.milestones):
            phase_id = work.phases[milestone_draft.phase].id or 0
            milestone = known.get((row.id, phase_id)) or Milestone(
                plan_id=plan.id or 0, task_id=row.id, phase_id=phase_id
            )
            milestone.sqlmodel_update(
                {
                    "due": milestone_draft.due,
                    "printed": milestone_draft.printed,
                    "expected": milestone_draft.expected,
                    "review": milestone_draft.review,
                    "line": milestone_draft.line,
                    "position": position,
                    "withdrawn": False,
                }
            )
            session.add(milestone)
            wanted[row.id or 0, phase_id] = (milestone, holders)
    session.flush()
    publish_obligations(work, {milestone.id or 0: (milestone, holders) for milestone, holders in wanted.values()})


def _duties(work: Work, row: Task, given: TaskDraft) -> Duties:
    """Who owes a report on the task: department -> (heaviest role, group through which it came)."""
    duties: Duties = {}
    for role, names, _printed in _clause(given):
        for name in names:
            holder = work.holder(name)
            for named in work.directory.departments_of(holder):
                department_id = work.directory.present_holder(named, row.id)
                before = duties.get(department_id)
                if before is None or WEIGHT[role] > WEIGHT[before[0]]:
                    duties[department_id] = (role, holder.group_id)
    return duties
