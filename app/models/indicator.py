"""Indicator 指标."""

from sqlalchemy import Column, UniqueConstraint
from sqlmodel import Field

from app.drafts.plan_draft import IndicatorAttribute
from app.models.base import SQLModel
from app.models.columns import id_column, refers_to, text_enum


class Indicator(SQLModel, table=True):
    """The formula is numerator / denominator * factor; `printed_factor` where the source prints another one."""

    __table_args__ = (UniqueConstraint("plan_id", "number"),)

    id: int | None = Field(default=None, sa_column=id_column())
    plan_id: int = Field(sa_column=refers_to("plan.id"))
    area_id: int | None = Field(default=None, sa_column=refers_to("area.id", nullable=True, index=True))
    number: str = Field(max_length=20)
    name: str = Field(max_length=200)
    unit: str = Field(default="", max_length=50)
    attribute: IndicatorAttribute | None = Field(
        default=None, sa_column=Column(text_enum(IndicatorAttribute), nullable=True)
    )
    numerator: str | None = Field(default=None, max_length=500)
    denominator: str | None = Field(default=None, max_length=500)
    factor: int | None = None
    printed_factor: int | None = None
    formula_line: int | None = None
    note: str = Field(default="", max_length=1000)
    line: int | None = None
    position: int = Field(default=0)
    withdrawn: bool = Field(default=False)
