"""MailedAnswer 邮件答复: what came by mail about one obligation, until the department has confirmed or dropped it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to, text_enum


class AnswerState(StrEnum):
    WAITING = "waiting"
    TAKEN = "taken"  # it became somebody's draft, which is sent like any other
    DROPPED = "dropped"


class MailedAnswer(SQLModel, table=True):
    """`typed` has the shape of UpdateDraft.typed, with the receipts of attached files under `kept`.

    Without an obligation nobody could say of which item it speaks; the department chooses one.
    """

    __tablename__ = "mailed_answer"
    __table_args__ = (Index("ix_mailed_answer_department", "region_id", "department_id", "state", "id"),)

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id"))
    department_id: int = Field(sa_column=refers_to("department.id"))
    inbound_id: int = Field(sa_column=refers_to("inbound_mail.id", index=True))
    obligation_id: int | None = Field(default=None, sa_column=refers_to("obligation.id", nullable=True, index=True))
    typed: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    state: AnswerState = Field(sa_column=Column(text_enum(AnswerState, closed=False), nullable=False))
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    settled_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    settled_by: int | None = Field(default=None, sa_column=refers_to("account.id", nullable=True))
