"""A sign-in that failed; what the brake on guessing counts."""

from datetime import datetime

from sqlalchemy import Column, Index
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to


class SignInFailure(SQLModel, table=True):
    """`login_sha256`: of what was typed, which is sometimes a password typed into the wrong field.

    `network`: the part of the address that one household or office shares. `device_id`: the known browser it came
    from, if any.
    """

    __tablename__ = "sign_in_failure"
    __table_args__ = (
        Index("ix_sign_in_failure_login", "login_sha256", "at"),
        Index("ix_sign_in_failure_network", "network", "at"),
    )

    id: int | None = Field(default=None, sa_column=id_column())
    login_sha256: str = Field(max_length=64)
    network: str = Field(max_length=64)
    device_id: int | None = Field(
        default=None, sa_column=refers_to("known_device.id", nullable=True, index=True, ondelete="CASCADE")
    )
    at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
