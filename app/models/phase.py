"""Phase 阶段: a named stage of a plan, or a checkpoint on which the plan itself is judged."""

from datetime import date

from sqlalchemy import Column, UniqueConstraint
from sqlmodel import Field

from app.drafts.plan_draft import CheckpointKind
from app.models.base import SQLModel
from app.models.columns import id_column, refers_to, text_enum


class Phase(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("plan_id", "name"),)

    id: int | None = Field(default=None, sa_column=id_column())
    plan_id: int = Field(sa_column=refers_to("plan.id"))
    name: str = Field(max_length=100)
    checkpoint: CheckpointKind | None = Field(default=None, sa_column=Column(text_enum(CheckpointKind), nullable=True))
    due: date | None = None
    printed: str = Field(default="", max_length=200)
    line: int | None = None
    position: int = Field(default=0)
    withdrawn: bool = Field(default=False)
