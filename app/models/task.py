"""Task 任务."""

from sqlalchemy import Column, UniqueConstraint
from sqlmodel import Field

from app.drafts.plan_draft import AssignmentMode, TaskKind
from app.models.base import SQLModel
from app.models.columns import id_column, refers_to, text_enum


class Task(SQLModel, table=True):
    """`line` is where its passage stands in the document; `withdrawn` tasks left the plan with a later edition."""

    __table_args__ = (UniqueConstraint("plan_id", "number"),)

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id"))
    plan_id: int = Field(sa_column=refers_to("plan.id"))
    area_id: int | None = Field(default=None, sa_column=refers_to("area.id", nullable=True, index=True))
    number: str = Field(max_length=20)
    kind: TaskKind = Field(sa_column=Column(text_enum(TaskKind), nullable=False))
    title: str = Field(max_length=300)
    mode: AssignmentMode = Field(sa_column=Column(text_enum(AssignmentMode), nullable=False))
    line: int | None = None
    position: int = Field(default=0)
    withdrawn: bool = Field(default=False)
