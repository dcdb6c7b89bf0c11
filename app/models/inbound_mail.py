"""InboundMail 来信: a mail that was read from the mailbox, and what became of it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Index, Text
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to, text_enum


class InboundKind(StrEnum):
    ANSWER = "answer"  # from whom we wrote to, about what we wrote
    BOUNCE = "bounce"  # a delivery report (RFC 3464)
    AUTO_REPLY = "auto_reply"  # an absence notice and the like (RFC 3834)
    STRANGER = "stranger"  # not from whom we wrote to, or about nothing that we know
    UNREADABLE = "unreadable"


class InboundMail(SQLModel, table=True):
    """`fingerprint`: SHA-256 of the mail as it came; the same mail read twice is one row.

    `mail_id`: our mail of which it speaks. Without a region nobody knows whose it is.
    `text`: what its writer wrote, without what was quoted. `outcome`: what became of it, in a sentence.
    """

    __tablename__ = "inbound_mail"
    __table_args__ = (Index("ix_inbound_mail_region", "region_id", "id"),)

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int | None = Field(default=None, sa_column=refers_to("region.id", nullable=True))
    fingerprint: str = Field(unique=True, max_length=64)
    message_id: str = Field(default="", max_length=500)
    kind: InboundKind = Field(sa_column=Column(text_enum(InboundKind, closed=False), nullable=False))
    from_address: str = Field(default="", max_length=254)
    from_name: str = Field(default="", max_length=200)
    subject: str = Field(default="", max_length=500)
    mail_id: int | None = Field(default=None, sa_column=refers_to("outbox_mail.id", nullable=True, index=True))
    account_id: int | None = Field(default=None, sa_column=refers_to("account.id", nullable=True, index=True))
    department_id: int | None = Field(default=None, sa_column=refers_to("department.id", nullable=True))
    text: str = Field(default="", sa_column=Column(Text, nullable=False))
    outcome: str = Field(default="", max_length=1000)
    size: int = Field(default=0)
    read_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
