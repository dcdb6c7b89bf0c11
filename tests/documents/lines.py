"""Lines of an overdue list, made up."""

from datetime import date, timedelta

from app.domain.workflow import Role, State
from app.queries.overdue import OverdueItem

AS_OF = date(2024, 11, 25)


def line(
    key: int = 1,
    *,
    department: str = "甲局",
    title: str = "开展宣传活动",
    role: Role = Role.LEAD,
    days: int = 330,
    moved_by: int = 0,
) -> OverdueItem:
    """`moved_by` days was the due date put off, once."""
    due = AS_OF - timedelta(days=days)
    return OverdueItem(
        obligation_id=key,
        plan_code="test-plan",
        plan_title="测试行动计划",
        task_number="1.1",
        task_title=title,
        phase="第一阶段",
        department_id=1,
        department=department,
        role=role,
        state=State.OPEN,
        due=due,
        first_due=due - timedelta(days=moved_by),
        days_late=days,
        extensions=1 if moved_by else 0,
    )
