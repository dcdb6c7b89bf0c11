"""Review 审核: the secretariat accepts or returns a report for completion."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Index
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to, text_enum


class ReviewDecision(StrEnum):
    ACCEPTED = "accepted"
    RETURNED = "returned"
    REOPENED = "reopened"


class Review(SQLModel, table=True):
    __table_args__ = (Index("ix_review_obligation", "obligation_id", "id"),)

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id"))
    obligation_id: int = Field(sa_column=refers_to("obligation.id"))
    update_id: int | None = Field(default=None, sa_column=refers_to("progress_update.id", nullable=True))
    decision: ReviewDecision = Field(sa_column=Column(text_enum(ReviewDecision), nullable=False))
    reason: str = Field(default="", max_length=4000)
    reviewer_id: int = Field(sa_column=refers_to("account.id"))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
