"""Observation: what an indicator came to in a year."""

from datetime import datetime

from sqlalchemy import Column, Index
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to


class IndicatorObservation(SQLModel, table=True):
    """Append-only: a revision is a new row, the newest counts. `provisional` until the final figure is out."""

    __tablename__ = "indicator_observation"
    __table_args__ = (Index("ix_indicator_observation_series", "indicator_id", "year", "scope", "id"),)

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id"))
    indicator_id: int = Field(sa_column=refers_to("indicator.id"))
    year: int
    scope: str = Field(default="", max_length=50)
    value: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    provisional: bool = Field(default=False)
    source: str = Field(default="", max_length=500)
    author_id: int | None = Field(default=None, sa_column=refers_to("account.id", nullable=True))
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
