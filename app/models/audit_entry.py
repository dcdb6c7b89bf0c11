"""One entry of the audit trail: who did what, when, from where, and what it changed. Never changed itself."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field

from app.domain.audit import ActResult, AuditAction, Channel
from app.models.base import SQLModel
from app.models.columns import BigId, UtcDateTime, id_column, refers_to, text_enum


class AuditEntry(SQLModel, table=True):
    """`actor` and `role` in the words of that day. `subject_table` and `subject_id`: what it was about, if one row.

    `changes` is a list of {"table", "id", "before", "after"}; see `domain.audit`. `removed_up_to`: this entry tells
    that the chain was shortened to what follows that number, after the time for which entries are kept.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        UniqueConstraint("chain", "seq"),
        Index("ix_audit_entry_at", "chain", "at"),
        Index("ix_audit_entry_actor", "chain", "actor_id", "seq"),
        Index("ix_audit_entry_action", "chain", "action", "seq"),
        Index("ix_audit_entry_subject", "chain", "subject_table", "subject_id"),
        # Asked by the trigger for every entry that is to go.
        Index(
            "ix_audit_entry_removed",
            "chain",
            "removed_up_to",
            sqlite_where=text("removed_up_to IS NOT NULL"),
            postgresql_where=text("removed_up_to IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, sa_column=id_column())
    chain: int = Field(sa_column=Column(BigId, nullable=False))
    seq: int = Field(sa_column=Column(BigId, nullable=False))
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    actor_id: int | None = Field(default=None, sa_column=refers_to("account.id", nullable=True))
    actor: str = Field(default="", max_length=100)
    role: str = Field(default="", max_length=32)
    channel: Channel = Field(sa_column=Column(text_enum(Channel, closed=False), nullable=False))
    address: str = Field(default="", max_length=64)
    action: AuditAction = Field(sa_column=Column(text_enum(AuditAction, closed=False), nullable=False))
    outcome: ActResult = Field(sa_column=Column(text_enum(ActResult, closed=False), nullable=False))
    subject_table: str = Field(default="", max_length=64)
    subject_id: int | None = Field(default=None, sa_column=Column(BigId, nullable=True))
    subject: str = Field(default="", max_length=300)
    reason: str = Field(default="", max_length=1000)
    changes: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    removed_up_to: int | None = Field(default=None, sa_column=Column(BigId, nullable=True))
    previous_sha256: str = Field(default="", max_length=64)
    sha256: str = Field(max_length=64)
