"""Hashes of an account's earlier passwords, where the policy forbids to take one again."""

from datetime import datetime

from sqlalchemy import Column
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to


class PastPassword(SQLModel, table=True):
    __tablename__ = "past_password"

    id: int | None = Field(default=None, sa_column=id_column())
    account_id: int = Field(sa_column=refers_to("account.id", index=True))
    password_hash: str = Field(max_length=255)
    replaced_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
