"""A browser that was sent to the identity provider and is expected back."""

from datetime import datetime

from sqlalchemy import Column
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column


class ProviderVisit(SQLModel, table=True):
    """`state_sha256` is of the `state` parameter, which the browser also holds in a cookie; good for one return."""

    __tablename__ = "provider_visit"

    id: int | None = Field(default=None, sa_column=id_column())
    state_sha256: str = Field(unique=True, max_length=64)
    nonce: str = Field(max_length=64)
    code_verifier: str = Field(max_length=128)
    target: str = Field(default="/", max_length=2000)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
