"""The append-only history of obligations."""

from datetime import date, datetime

from sqlalchemy import Column, Index, UniqueConstraint
from sqlmodel import Field

from app.domain.workflow import EventKind, Role, State
from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to, text_enum


class ObligationEvent(SQLModel, table=True):
    """Two clocks: `on` is the day it happened, `recorded_at` the moment it became known here.

    `state`, `due`, `department_id`, `role` are what the obligation stood at afterwards, so that the
    list of any past day is one query and not a fold.
    """

    __tablename__ = "obligation_event"
    __table_args__ = (
        UniqueConstraint("obligation_id", "seq"),
        Index("ix_obligation_event_known", "region_id", "state", "due", "recorded_at"),
        # What happened lately: reminders ask for it, a hundred accounts at a time.
        Index("ix_obligation_event_recorded", "region_id", "recorded_at"),
    )

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id"))
    obligation_id: int = Field(sa_column=refers_to("obligation.id"))
    seq: int
    kind: EventKind = Field(sa_column=Column(text_enum(EventKind), nullable=False))
    on: date
    recorded_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    actor_id: int | None = Field(default=None, sa_column=refers_to("account.id", nullable=True))
    reason: str = Field(default="", max_length=4000)
    update_id: int | None = Field(default=None, sa_column=refers_to("progress_update.id", nullable=True))
    state: State = Field(sa_column=Column(text_enum(State), nullable=False))
    due: date | None = None
    department_id: int = Field(sa_column=refers_to("department.id"))
    role: Role = Field(sa_column=Column(text_enum(Role), nullable=False))
    risk: bool = Field(default=False)
