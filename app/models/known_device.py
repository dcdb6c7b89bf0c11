"""A browser in which an account has signed in before: guesses from elsewhere do not slow it down."""

from datetime import datetime

from sqlalchemy import Column
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to


class KnownDevice(SQLModel, table=True):
    """The table holds only the hash of the device's cookie."""

    __tablename__ = "known_device"

    id: int | None = Field(default=None, sa_column=id_column())
    account_id: int = Field(sa_column=refers_to("account.id", index=True))
    token_sha256: str = Field(unique=True, max_length=64)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    seen_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
