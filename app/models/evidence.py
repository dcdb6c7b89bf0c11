"""Evidence 佐证材料: a file, kept under its hash."""

from datetime import datetime

from sqlalchemy import Column, Index
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to


class Evidence(SQLModel, table=True):
    """`size` is in bytes; the content lies in the evidence store under `sha256`."""

    __table_args__ = (Index("ix_evidence_update", "update_id"), Index("ix_evidence_sha256", "region_id", "sha256"))

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id"))
    obligation_id: int = Field(sa_column=refers_to("obligation.id", index=True))
    update_id: int = Field(sa_column=refers_to("progress_update.id"))
    file_name: str = Field(max_length=255)
    media_type: str = Field(max_length=120)
    size: int
    sha256: str = Field(max_length=64)
    proves: str = Field(default="", max_length=500)
    uploaded_by: int = Field(sa_column=refers_to("account.id"))
    uploaded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
