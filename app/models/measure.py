"""Measure 举措: one concrete thing that a task's passage promises."""

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import id_column, refers_to


class Measure(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("task_id", "position"),)

    id: int | None = Field(default=None, sa_column=id_column())
    task_id: int = Field(sa_column=refers_to("task.id"))
    position: int
    text: str = Field(max_length=500)
