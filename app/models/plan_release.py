"""PlanRelease 公开: which fields of a plan everybody may read without an account."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to


class PublicField(StrEnum):
    MEASURES = "measures"
    RESPONSIBILITY = "responsibility"
    DATES = "dates"
    PROGRESS = "progress"
    INDICATORS = "indicators"


class PlanRelease(SQLModel, table=True):
    """Append-only: the newest counts. `shown` holds values of PublicField; `public` false takes the page back."""

    __tablename__ = "plan_release"
    __table_args__ = (Index("ix_plan_release_plan", "plan_id", "id"),)

    id: int | None = Field(default=None, sa_column=id_column())
    plan_id: int = Field(sa_column=refers_to("plan.id"))
    public: bool
    shown: list[str] = Field(sa_column=Column(JSON, nullable=False))
    decided_by: int = Field(sa_column=refers_to("account.id"))
    decided_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
