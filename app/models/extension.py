"""Extension 延期: request, reason, proposed date, decision; the first due date is never lost."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Column, Index, text
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to, text_enum


class ExtensionState(StrEnum):
    REQUESTED = "requested"
    GRANTED = "granted"
    REFUSED = "refused"


class Extension(SQLModel, table=True):
    __table_args__ = (
        # At most one open request per obligation.
        Index(
            "uq_extension_open",
            "obligation_id",
            unique=True,
            sqlite_where=text("state = 'requested'"),
            postgresql_where=text("state = 'requested'"),
        ),
        Index("ix_extension_queue", "region_id", "state", "id"),
        Index("ix_extension_obligation", "obligation_id", "id"),
    )

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id"))
    obligation_id: int = Field(sa_column=refers_to("obligation.id"))
    state: ExtensionState = Field(sa_column=Column(text_enum(ExtensionState), nullable=False))
    reason: str = Field(max_length=4000)
    due_before: date
    proposed_due: date
    granted_due: date | None = None
    decision_reason: str = Field(default="", max_length=4000)
    requested_by: int = Field(sa_column=refers_to("account.id"))
    requested_on: date
    requested_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    decided_by: int | None = Field(default=None, sa_column=refers_to("account.id", nullable=True))
    decided_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
