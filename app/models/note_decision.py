"""NoteDecision 核定: what the secretariat decided on a source note, and when."""

from datetime import datetime

from sqlalchemy import Column, Index
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to


class NoteDecision(SQLModel, table=True):
    """Append-only: the newest counts, and an empty `text` takes the decision back.

    `about`, `lines` and `readings` of the note are not repeated here: a note that says something else is another note.
    """

    __tablename__ = "note_decision"
    __table_args__ = (Index("ix_note_decision_note", "note_id", "id"),)

    id: int | None = Field(default=None, sa_column=id_column())
    note_id: int = Field(sa_column=refers_to("source_note.id", ondelete="CASCADE"))
    text: str = Field(max_length=2000)
    decided_by: int = Field(sa_column=refers_to("account.id"))
    decided_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
