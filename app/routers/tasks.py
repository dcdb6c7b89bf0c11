"""One task: its clause, its milestones, who stands how and who waits for whom."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.access import plan_for_reading, reads_reports_of
from app.errors import NotFound
from app.queries.plans import task_by_number
from app.queries.task_contents import task_contents
from app.rendering import page
from app.routers.dependencies import DbSession, SignedInViewer, Today

router = APIRouter()


# A number comes from the document and may hold whatever it prints, a slash too.
@router.get("/plans/{code}/tasks/{number:path}")
def show(
    request: Request, session: DbSession, viewer: SignedInViewer, today: Today, *, code: str, number: str
) -> Response:
    plan = plan_for_reading(session, viewer, code)
    task = task_by_number(session, plan.id or 0, number)
    if task is None:
        raise NotFound
    contents = task_contents(session, plan, task, today)
    return page(
        request,
        "plans/task.html",
        plan=plan,
        task=task,
        contents=contents,
        reads_reports=reads_reports_of(viewer, contents.departments),
    )
