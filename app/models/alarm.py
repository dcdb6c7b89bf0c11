"""Alarm 告警: something that keeps reminders from going out, told once by a second path."""

from datetime import datetime

from sqlalchemy import Column
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to


class Alarm(SQLModel, table=True):
    """`key` names what is wrong and since when (missed.daily.xicheng.2024-11-25): of several watchers one tells it.

    `told_at`: when the webhook took it; without a webhook it stands in the log and on the pages alone.
    """

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int | None = Field(default=None, sa_column=refers_to("region.id", nullable=True, index=True))
    key: str = Field(unique=True, max_length=200)
    text: str = Field(max_length=1000)
    raised_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    cleared_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    told_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    tries: int = Field(default=0)
    next_try_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    error: str = Field(default="", max_length=1000)
