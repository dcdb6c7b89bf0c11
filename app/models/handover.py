"""Handover 工作交接: an account's work goes to its successor on a day."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to


class Handover(SQLModel, table=True):
    """`items` is what the sheet lists, in the words of that day."""

    __table_args__ = (CheckConstraint("from_account_id <> to_account_id", name="two_accounts"),)

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id", index=True))
    from_account_id: int = Field(sa_column=refers_to("account.id", index=True))
    to_account_id: int = Field(sa_column=refers_to("account.id", index=True))
    on: date
    note: str = Field(default="", max_length=1000)
    items: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    made_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    made_by: int = Field(sa_column=refers_to("account.id"))
