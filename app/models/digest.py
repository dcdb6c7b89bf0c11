"""Digest 提醒摘要: what one person was told in one run."""

from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import id_column, refers_to


class Digest(SQLModel, table=True):
    """`items` lists obligation id and heading of each item, so that a later run knows what was said."""

    __table_args__ = (UniqueConstraint("run_id", "account_id"),)

    id: int | None = Field(default=None, sa_column=id_column())
    run_id: int = Field(sa_column=refers_to("digest_run.id"))
    account_id: int = Field(sa_column=refers_to("account.id", index=True))
    items: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    mail_id: int | None = Field(default=None, sa_column=refers_to("outbox_mail.id", nullable=True, index=True))
