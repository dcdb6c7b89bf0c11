"""ProgressUpdate 进展: a dated report on an obligation."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Column, Index, Text
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to, text_enum


class UpdateKind(StrEnum):
    INTERIM = "interim"
    COMPLETION = "completion"


class ProgressUpdate(SQLModel, table=True):
    """`percent` is 0 to 100; `risk`: the department says that the date is in danger.

    `request_key`: hash of the author and the `Idempotency-Key` with which a program sent it.
    """

    __tablename__ = "progress_update"
    __table_args__ = (
        Index("ix_progress_update_obligation", "obligation_id", "id"),
        Index("ix_progress_update_request", "request_key", unique=True),
        Index("ix_progress_update_region", "region_id", "id"),  # a search reads the texts of one region, newest first
    )

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id"))
    obligation_id: int = Field(sa_column=refers_to("obligation.id"))
    department_id: int = Field(sa_column=refers_to("department.id"))
    author_id: int = Field(sa_column=refers_to("account.id"))
    kind: UpdateKind = Field(sa_column=Column(text_enum(UpdateKind), nullable=False))
    text: str = Field(sa_column=Column(Text, nullable=False))
    difficulties: str = Field(default="", sa_column=Column(Text, nullable=False))
    next_step: str = Field(default="", sa_column=Column(Text, nullable=False))
    percent: int
    risk: bool = Field(default=False)
    on: date
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    request_key: str | None = Field(default=None, max_length=64)
