"""The newest link of each chain of the audit trail."""

from sqlalchemy import Column
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import BigId


class AuditChain(SQLModel, table=True):
    """One chain per region, and chain 0 for what concerns the whole installation.

    Its row is locked from the moment an entry is appended until the commit: entries of a chain follow one another.
    """

    __tablename__ = "audit_chain"

    id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    seq: int = Field(sa_column=Column(BigId, nullable=False))
    sha256: str = Field(max_length=64)
