"""Target of an indicator for one year and scope."""

from sqlalchemy import Column, UniqueConstraint
from sqlmodel import Field

from app.drafts.plan_draft import Comparator
from app.models.base import SQLModel
from app.models.columns import id_column, refers_to, text_enum


class IndicatorTarget(SQLModel, table=True):
    __tablename__ = "indicator_target"
    __table_args__ = (UniqueConstraint("indicator_id", "year", "scope"),)

    id: int | None = Field(default=None, sa_column=id_column())
    indicator_id: int = Field(sa_column=refers_to("indicator.id"))
    year: int
    scope: str = Field(default="", max_length=50)
    comparator: Comparator = Field(sa_column=Column(text_enum(Comparator), nullable=False))
    value: float | None = None
    base_year: int | None = None
    printed: str = Field(max_length=100)
    line: int | None = None
    position: int = Field(default=0)
