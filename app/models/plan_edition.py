"""One publication of a plan: which text was published when, so that an older wording stays readable."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to


class PlanEdition(SQLModel, table=True):
    """`draft` is the PlanDraft as it was published; `sha256` is over its canonical JSON."""

    __tablename__ = "plan_edition"
    __table_args__ = (UniqueConstraint("plan_id", "number"),)

    id: int | None = Field(default=None, sa_column=id_column())
    plan_id: int = Field(sa_column=refers_to("plan.id"))
    number: int
    sha256: str = Field(max_length=64)
    draft: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    published_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    published_by: int | None = Field(default=None, sa_column=refers_to("account.id", nullable=True))
