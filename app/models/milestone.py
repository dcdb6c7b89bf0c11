"""Milestone 节点: one task, or one indicator, in one phase."""

from datetime import date

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import id_column, refers_to


class Milestone(SQLModel, table=True):
    """`review` is a yearly MM-DD for what has no due date (长期坚持)."""

    __table_args__ = (
        UniqueConstraint("task_id", "phase_id"),
        UniqueConstraint("indicator_id", "phase_id"),
        CheckConstraint("(task_id IS NULL) <> (indicator_id IS NULL)", name="one_subject"),
    )

    id: int | None = Field(default=None, sa_column=id_column())
    plan_id: int = Field(sa_column=refers_to("plan.id", index=True))
    task_id: int | None = Field(default=None, sa_column=refers_to("task.id", nullable=True))
    indicator_id: int | None = Field(default=None, sa_column=refers_to("indicator.id", nullable=True))
    phase_id: int = Field(sa_column=refers_to("phase.id", index=True))
    due: date | None = None
    printed: str = Field(default="", max_length=200)
    expected: str = Field(default="", max_length=1000)
    review: str | None = Field(default=None, max_length=5)
    line: int | None = None
    position: int = Field(default=0)
    withdrawn: bool = Field(default=False)
