"""A mail on its way: queued in the transaction that caused it, sent by another one."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index, String, Text, text
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to, text_enum


class MailState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


class MailFault(StrEnum):
    """Why a mail has failed for good."""

    ADDRESS = "address"  # the server does not take mail for it, or it is none
    CONTENT = "content"  # the server does not take this mail
    GAVE_UP = "gave_up"  # tried as often as it is tried
    UNWANTED = "unwanted"  # who it was to may not read it any more
    DROPPED = "dropped"  # the secretariat took it back


class OutboxMail(SQLModel, table=True):
    """`key` is unique: the same thing said to the same person in the same run is one mail.

    `in_doubt`: an attempt ended without an answer, by a crash or a lost connection, and may have got
    through (可能已发送). Every attempt carries the same `message_id`.
    `department_id`: the department of its receiver when it was written; who has left it since does not get it.
    `held_at`: it waits until the secretariat lets it go. `copy_of`: it was sent again by `resent_by`, for `reason`.
    `answer`: what the server said when it took the mail. `bounced_at`, `bounce`: what came back later.
    With a `channel_id` it is a short message to a chat group and not a mail.
    """

    __tablename__ = "outbox_mail"
    __table_args__ = (
        Index(
            "ix_outbox_mail_waiting",
            "next_try_at",
            "id",
            sqlite_where=text("state IN ('queued', 'sending')"),
            postgresql_where=text("state IN ('queued', 'sending')"),
        ),
        Index("ix_outbox_mail_region", "region_id", "id"),
        Index(
            "ix_outbox_mail_copies",
            "copy_of",
            sqlite_where=text("copy_of IS NOT NULL"),
            postgresql_where=text("copy_of IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int | None = Field(default=None, sa_column=refers_to("region.id", nullable=True))
    account_id: int | None = Field(default=None, sa_column=refers_to("account.id", nullable=True, index=True))
    key: str = Field(unique=True, max_length=200)
    message_id: str = Field(unique=True, max_length=255)
    kind: str = Field(max_length=32)
    to_name: str = Field(default="", max_length=100)
    to_address: str = Field(max_length=254)
    subject: str = Field(max_length=300)
    text: str = Field(sa_column=Column(Text, nullable=False))
    html: str = Field(sa_column=Column(Text, nullable=False))
    attachments: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    state: MailState = Field(sa_column=Column(text_enum(MailState), nullable=False))
    attempts: int = Field(default=0)
    in_doubt: bool = Field(default=False)
    next_try_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    lease_until: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    sent_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    error: str = Field(default="", max_length=1000)
    department_id: int | None = Field(default=None, sa_column=refers_to("department.id", nullable=True))
    channel_id: int | None = Field(default=None, sa_column=refers_to("chat_channel.id", nullable=True))
    fault: MailFault | None = Field(default=None, sa_column=Column(text_enum(MailFault, closed=False), nullable=True))
    answer: str = Field(default="", sa_column=Column(String(300), nullable=False, server_default=""))
    bounced_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    bounce: str = Field(default="", sa_column=Column(String(500), nullable=False, server_default=""))
    held_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    held_by: int | None = Field(default=None, sa_column=refers_to("account.id", nullable=True))
    copy_of: int | None = Field(default=None, sa_column=refers_to("outbox_mail.id", nullable=True))
    resent_by: int | None = Field(default=None, sa_column=refers_to("account.id", nullable=True))
    reason: str = Field(default="", sa_column=Column(String(500), nullable=False, server_default=""))
