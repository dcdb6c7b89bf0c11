"""Plan 规划/行动计划."""

from datetime import date

from sqlalchemy import Column, UniqueConstraint
from sqlmodel import Field

from app.drafts.plan_draft import PlanStatus
from app.models.base import SQLModel
from app.models.columns import id_column, refers_to, text_enum


class Plan(SQLModel, table=True):
    __table_args__ = (UniqueConstraint("code"),)

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id", index=True))
    code: str = Field(max_length=64)
    title: str = Field(max_length=200)
    document_number: str | None = Field(default=None, max_length=100)
    issuer: str | None = Field(default=None, max_length=200)
    issued_on: date | None = None
    period_from: int
    period_to: int
    status: PlanStatus = Field(sa_column=Column(text_enum(PlanStatus), nullable=False))
