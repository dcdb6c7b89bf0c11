"""UpdateDraft 草稿: what a liaison has typed for an obligation and not sent yet."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to


class UpdateDraft(SQLModel, table=True):
    """`typed` maps the fields of the report's form to their texts, as typed: a draft may still be faulty.

    `revision` is the obligation's when the draft was begun: a later one tells that somebody else was faster.
    """

    __tablename__ = "update_draft"
    __table_args__ = (UniqueConstraint("obligation_id", "account_id"),)

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id"))
    obligation_id: int = Field(sa_column=refers_to("obligation.id"))
    account_id: int = Field(sa_column=refers_to("account.id", index=True))
    typed: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    revision: int
    saved_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
