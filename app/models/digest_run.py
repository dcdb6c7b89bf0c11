"""DigestRun: one run of the daily digest or the weekly list in one region; unique, so it happens once."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Boolean, Column, UniqueConstraint, false
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import BigId, UtcDateTime, id_column, refers_to, text_enum


class RunKind(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"


class DigestRun(SQLModel, table=True):
    """`started_by` is None when the worker made it. `late`: made up after its day had passed.

    A run is made account by account in the order of their ids, some at a time: `reached` is the last account that is
    done, `completed_at` is set behind the last of all. Whoever finds it unfinished goes on there. Everything is looked
    at as of `made_at`; `new_since`: what came to a department later than this is new to it.
    `secretariat_only`: a weekly list of a week that was over. `cut_short`: not everybody was reached, because its
    day ended or somebody's mail could not be written; the next run tells the others.
    """

    __tablename__ = "digest_run"
    __table_args__ = (UniqueConstraint("region_id", "kind", "run_date"),)

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id"))
    kind: RunKind = Field(sa_column=Column(text_enum(RunKind), nullable=False))
    run_date: date
    made_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    started_by: int | None = Field(default=None, sa_column=refers_to("account.id", nullable=True))
    late: bool = Field(default=False)
    mails: int = Field(default=0)
    reached: int = Field(default=0, sa_column=Column(BigId, nullable=False, server_default="0"))
    completed_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    new_since: datetime | None = Field(default=None, sa_column=Column(UtcDateTime, nullable=True))
    secretariat_only: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))
    cut_short: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))
