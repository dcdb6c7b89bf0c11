"""A signed-in browser. The table holds only the hash of its token."""

from datetime import datetime

from sqlalchemy import Column
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to


class AccountSession(SQLModel, table=True):
    """`csrf` is the token that every form of this session carries."""

    __tablename__ = "account_session"

    id: int | None = Field(default=None, sa_column=id_column())
    account_id: int = Field(sa_column=refers_to("account.id", index=True))
    token_sha256: str = Field(unique=True, max_length=64)
    csrf: str = Field(max_length=64)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    seen_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
