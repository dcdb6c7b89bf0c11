"""A mailed link that lets its account choose a password, once."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to, text_enum


class LinkPurpose(StrEnum):
    FIRST = "first"
    RESET = "reset"


class OneTimeLink(SQLModel, table=True):
    """The table holds only the hash of the link's token. `created_by`: None when the account asked for it itself."""

    __tablename__ = "one_time_link"

    id: int | None = Field(default=None, sa_column=id_column())
    account_id: int = Field(sa_column=refers_to("account.id", index=True))
    purpose: LinkPurpose = Field(sa_column=Column(text_enum(LinkPurpose), nullable=False))
    token_sha256: str = Field(unique=True, max_length=64)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    created_by: int | None = Field(default=None, sa_column=refers_to("account.id", nullable=True))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    used_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
