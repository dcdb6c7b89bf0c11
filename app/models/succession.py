"""Succession: one department takes over from another on a day."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Column, UniqueConstraint
from sqlmodel import Field

from app.drafts.department_register import Certainty, SuccessionKind
from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to, text_enum


class Succession(SQLModel, table=True):
    """`applied_at`: when the open obligations were moved; None while the succession is only on record."""

    __table_args__ = (
        UniqueConstraint("predecessor_id", "successor_id"),
        CheckConstraint("predecessor_id <> successor_id", name="two_departments"),
    )

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id", index=True))
    predecessor_id: int = Field(sa_column=refers_to("department.id"))
    successor_id: int = Field(sa_column=refers_to("department.id", index=True))
    kind: SuccessionKind = Field(sa_column=Column(text_enum(SuccessionKind), nullable=False))
    on: date
    certainty: Certainty = Field(sa_column=Column(text_enum(Certainty), nullable=False))
    document: str = Field(default="", max_length=500)
    note: str = Field(default="", max_length=2000)
    applied_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
