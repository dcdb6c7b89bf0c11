"""A day that does not follow the week: a local closure or a local working day."""

from datetime import date

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import id_column, refers_to


class DayException(SQLModel, table=True):
    __tablename__ = "day_exception"
    __table_args__ = (UniqueConstraint("region_id", "day"),)

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id"))
    day: date
    working: bool
    reason: str = Field(default="", max_length=200)
