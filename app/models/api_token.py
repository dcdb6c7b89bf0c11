"""A personal token of the JSON API."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to, text_enum


class TokenScope(StrEnum):
    """REPORT includes READ."""

    READ = "read"
    REPORT = "report"


class ApiToken(SQLModel, table=True):
    """It may do what its account may, within its scope. Only the hash is kept; `hint` are its first signs."""

    __tablename__ = "api_token"

    id: int | None = Field(default=None, sa_column=id_column())
    account_id: int = Field(sa_column=refers_to("account.id", index=True))
    name: str = Field(max_length=100)
    token_sha256: str = Field(unique=True, max_length=64)
    hint: str = Field(max_length=16)
    scope: TokenScope = Field(sa_column=Column(text_enum(TokenScope), nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    last_used_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    revoked_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
