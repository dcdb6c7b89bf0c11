"""Assignment 责任分工: a name in a task's responsibility clause, and what it stands for."""

from sqlalchemy import CheckConstraint, Column, UniqueConstraint
from sqlmodel import Field

from app.domain.workflow import Role
from app.models.base import SQLModel
from app.models.columns import id_column, refers_to, text_enum


class Assignment(SQLModel, table=True):
    """One printed name. It names a department or a group; a group's members get obligations of their own."""

    __table_args__ = (
        UniqueConstraint("task_id", "role", "position"),
        CheckConstraint("(department_id IS NULL) <> (group_id IS NULL)", name="one_holder"),
    )

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id"))
    task_id: int = Field(sa_column=refers_to("task.id"))
    role: Role = Field(sa_column=Column(text_enum(Role), nullable=False))
    position: int
    printed: str = Field(max_length=100)
    department_id: int | None = Field(default=None, sa_column=refers_to("department.id", nullable=True, index=True))
    group_id: int | None = Field(default=None, sa_column=refers_to("department_group.id", nullable=True, index=True))
