"""SourceNote: what contradicts what in a plan's text; 待核定 until the secretariat decides."""

from datetime import datetime

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to


class SourceNote(SQLModel, table=True):
    """`lines` are lines of the document; `decision` is empty while nobody has decided."""

    __tablename__ = "source_note"
    __table_args__ = (UniqueConstraint("plan_id", "position"),)

    id: int | None = Field(default=None, sa_column=id_column())
    plan_id: int = Field(sa_column=refers_to("plan.id"))
    position: int
    about: str = Field(max_length=200)
    lines: list[int] = Field(sa_column=Column(JSON, nullable=False))
    readings: list[str] = Field(sa_column=Column(JSON, nullable=False))
    decision: str = Field(default="", max_length=2000)
    decided_by: int | None = Field(default=None, sa_column=refers_to("account.id", nullable=True))
    decided_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
