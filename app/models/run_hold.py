"""RunHold 暂缓: a run of reminders that the secretariat has stopped before it was made."""

from datetime import date, datetime

from sqlalchemy import Column, Index, text
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to, text_enum
from app.models.digest_run import RunKind

_STANDS = text("released_at IS NULL")


class RunHold(SQLModel, table=True):
    """While it stands the run is not made. A weekly list is frozen on its day all the same; only its mails wait."""

    __tablename__ = "run_hold"
    __table_args__ = (
        Index(
            "uq_run_hold_standing",
            "region_id",
            "kind",
            "run_date",
            unique=True,
            sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
    )

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id"))
    kind: RunKind = Field(sa_column=Column(text_enum(RunKind, closed=False), nullable=False))
    run_date: date
    reason: str = Field(max_length=500)
    held_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    held_by: int | None = Field(default=None, sa_column=refers_to("account.id", nullable=True))
    released_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    released_by: int | None = Field(default=None, sa_column=refers_to("account.id", nullable=True))
