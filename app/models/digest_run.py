"""DigestRun: one run of the daily digest or the weekly list in one region; unique, so it happens once."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Column, UniqueConstraint
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to, text_enum


class RunKind(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"


class DigestRun(SQLModel, table=True):
    """`started_by` is None when the worker made it. `late`: made up after its day had passed."""

    __tablename__ = "digest_run"
    __table_args__ = (UniqueConstraint("region_id", "kind", "run_date"),)

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id"))
    kind: RunKind = Field(sa_column=Column(text_enum(RunKind), nullable=False))
    run_date: date
    made_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    started_by: int | None = Field(default=None, sa_column=refers_to("account.id", nullable=True))
    late: bool = Field(default=False)
    mails: int = Field(default=0)
