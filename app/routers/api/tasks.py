"""Tasks with their measures, milestones and responsibility clause."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from app import access
from app.domain.workflow import Role
from app.drafts.plan_draft import AssignmentMode, TaskKind
from app.errors import NotFound
from app.queries.plan_pages import TasksWanted, WholeTask, whole_tasks
from app.queries.plans import ClausePart
from app.routers.api.asking import AreaNumber, PlanCode, Reading
from app.routers.api.caller import ApiViewer
from app.routers.api.cursor import Page, Pages, next_page
from app.routers.api.route import ApiRoute
from app.routers.api.shapes import DepartmentRef, GroupRef, Shape, group_ref
from app.words import word

router = APIRouter(route_class=ApiRoute, prefix="/plans/{code}/tasks", tags=["tasks"])


class AssignmentShape(Shape):
    """One printed name of the clause. It stands for a department or for a group; one of the two is null."""

    role: Role = Field(description="lead 牵头, support 配合, shared 按职责分工负责 (no lead is named).")
    role_word: str
    printed: str = Field(description="The name as the document prints it.")
    department: DepartmentRef | None
    group: GroupRef | None


class MilestoneShape(Shape):
    """What is due in one phase. Without `due` nothing can be late; `review` is then a yearly MM-DD."""

    id: int
    phase: str
    due: date | None
    printed: str
    expected: str
    review: str | None


class TaskShape(Shape):
    number: str
    kind: TaskKind
    kind_word: str
    area: str | None = Field(description="Number of its area.")
    title: str
    mode: AssignmentMode
    mode_word: str
    assignments: list[AssignmentShape] = Field(description="Leads first, then in the order of the document.")
    measures: list[str]
    milestones: list[MilestoneShape]
    line: int | None = Field(description="Line of the source document.")
    withdrawn: bool = Field(description="A later edition of the plan does not name it any more.")


@router.get("", summary="The tasks of a plan")
def tasks(
    request: Request,
    response: Response,
    session: Reading,
    viewer: ApiViewer,
    code: PlanCode,
    paging: Pages,
    area: Annotated[AreaNumber | None, Query(description="Number of an area.")] = None,
    kind: Annotated[TaskKind | None, Query()] = None,
) -> Page[TaskShape]:
    """In the order of the document, without those that a later edition withdrew."""
    plan = access.plan_for_reading(session, viewer, code)
    wanted = TasksWanted(area=area, kind=kind)
    rows = whole_tasks(session, plan.id or 0, wanted, after=paging.after, limit=paging.limit + 1)
    shown = rows[: paging.limit]
    last = (shown[-1].task.position, shown[-1].task.id or 0) if len(rows) > paging.limit else None
    return Page(items=[_task(row) for row in shown], next=next_page(request, response, paging, last))


@router.get("/{number}", summary="One task")
def task(
    session: Reading,
    viewer: ApiViewer,
    code: PlanCode,
    number: Annotated[str, Path(min_length=1, max_length=20, description="As printed, e.g. 1.1 or 保障1.")],
) -> TaskShape:
    plan = access.plan_for_reading(session, viewer, code)
    rows = [] if "\x00" in number else whole_tasks(session, plan.id or 0, TasksWanted(number=number), limit=1)
    if not rows:
        raise NotFound
    return _task(rows[0])


def _task(row: WholeTask) -> TaskShape:
    task = row.task
    return TaskShape(
        number=task.number,
        kind=task.kind,
        kind_word=word(task.kind),
        area=row.area,
        title=task.title,
        mode=task.mode,
        mode_word=word(task.mode),
        assignments=[_assignment(part, row) for part in row.clause],
        measures=list(row.measures),
        milestones=[
            MilestoneShape(
                id=node.milestone.id or 0,
                phase=node.phase.name,
                due=node.milestone.due,
                printed=node.milestone.printed,
                expected=node.milestone.expected,
                review=node.milestone.review,
            )
            for node in row.milestones
        ],
        line=task.line,
        withdrawn=task.withdrawn,
    )


def _assignment(part: ClausePart, row: WholeTask) -> AssignmentShape:
    return AssignmentShape(
        role=part.role,
        role_word=word(part.role),
        printed=part.printed,
        department=DepartmentRef(id=part.department_id, name=part.name) if part.department_id else None,
        group=group_ref(part.group_id, part.name, row.members) if part.group_id else None,
    )
