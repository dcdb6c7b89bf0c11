"""OverdueList 逾期清单: one frozen weekly list."""

from datetime import date, datetime

from sqlalchemy import Column, String, UniqueConstraint
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import BigId, UtcDateTime, id_column, refers_to


class OverdueList(SQLModel, table=True):
    """`as_of`: the day it speaks of; `cutoff`: events recorded after this moment are not in it.

    `sha256` is over its rows and the hash of the list before it. `late`: made up after its day had passed.
    `audit_seq` and `audit_sha256`: the newest entry of the region's audit trail before this list; printed on it, they
    prove the trail up to there.
    """

    __tablename__ = "overdue_list"
    __table_args__ = (
        UniqueConstraint("region_id", "year", "number"),
        UniqueConstraint("region_id", "as_of"),
    )

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id"))
    year: int
    number: int
    as_of: date
    cutoff: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    frozen_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    frozen_by: int | None = Field(default=None, sa_column=refers_to("account.id", nullable=True))
    late: bool = Field(default=False)
    row_count: int
    sha256: str = Field(max_length=64)
    previous_sha256: str = Field(default="", max_length=64)
    audit_seq: int | None = Field(default=None, sa_column=Column(BigId, nullable=True))
    audit_sha256: str = Field(default="", sa_column=Column(String(64), nullable=False, server_default=""))
