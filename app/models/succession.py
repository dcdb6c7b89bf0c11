"""Succession: one department takes over from another on a day."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, CheckConstraint, Column, Index, false, text
from sqlmodel import Field

from app.drafts.department_register import Certainty, SuccessionKind
from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to, text_enum


class Succession(SQLModel, table=True):
    """`applied_at`: when the open obligations were moved; None while the succession is only on record.

    `task_ids`: the tasks whose duties go to this successor, where a department is split or gives duties away; None
    means all that no other successor of a split is given. `undone_at`: taken back; it stays on record and counts for
    nothing. `act_id`: the first of the rows that were recorded together, where more than one was.
    `made`: the successor was put into the register by it.
    `choices`: {"accounts": [those that go to this successor], "close": [...], "aliases": [taken from the predecessor]}.
    `done`: what applying it did beside the events, see `app/changes/apply_successions.py`; None before that, and for
    what was applied before this was kept.
    """

    __table_args__ = (
        Index(
            "uq_succession_standing",
            "predecessor_id",
            "successor_id",
            "on",
            unique=True,
            sqlite_where=text("undone_at IS NULL"),
            postgresql_where=text("undone_at IS NULL"),
        ),
        CheckConstraint("predecessor_id <> successor_id", name="two_departments"),
    )

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id", index=True))
    predecessor_id: int = Field(sa_column=refers_to("department.id"))
    successor_id: int = Field(sa_column=refers_to("department.id", index=True))
    kind: SuccessionKind = Field(sa_column=Column(text_enum(SuccessionKind), nullable=False))
    on: date
    certainty: Certainty = Field(sa_column=Column(text_enum(Certainty), nullable=False))
    document: str = Field(default="", max_length=500)
    note: str = Field(default="", max_length=2000)
    applied_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    task_ids: list[int] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    act_id: int | None = Field(default=None, sa_column=refers_to("succession.id", nullable=True, index=True))
    made: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))
    choices: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    done: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))
    recorded_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    recorded_by: int | None = Field(default=None, sa_column=refers_to("account.id", nullable=True))
    undone_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    undone_by: int | None = Field(default=None, sa_column=refers_to("account.id", nullable=True))
