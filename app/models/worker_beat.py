"""WorkerBeat: when each worker was last seen at work."""

from datetime import datetime

from sqlalchemy import Column
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column


class WorkerBeat(SQLModel, table=True):
    """`name`: host and process. `fault`: what its last tick could not do. `inbox_at`: when it last read the mailbox."""

    __tablename__ = "worker_beat"

    id: int | None = Field(default=None, sa_column=id_column())
    name: str = Field(unique=True, max_length=200)
    started_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    beat_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    stopped_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    inbox_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    fault: str = Field(default="", max_length=1000)
