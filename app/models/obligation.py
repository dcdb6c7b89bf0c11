"""Obligation 承办事项: one department's duty to report one milestone; the row of every list."""

from datetime import date

from sqlalchemy import Column, Index, UniqueConstraint, text
from sqlmodel import Field

from app.domain.workflow import Role, State
from app.models.base import SQLModel
from app.models.columns import BigId, id_column, refers_to, text_enum


class Obligation(SQLModel, table=True):
    """A projection of its events: `duban verify` refolds them and compares.

    `revision` is the number of its last event; every change is guarded by the revision that was read.
    `group_id`: the group through which the duty came. `last_update_id`: the newest report on it.
    """

    __table_args__ = (
        UniqueConstraint("milestone_id", "department_id"),
        # A department's list, and the region's overdue list: one index range scan each.
        Index("ix_obligation_department_list", "region_id", "department_id", "state", "due", "id"),
        Index(
            "ix_obligation_waiting",
            "region_id",
            "due",
            "id",
            sqlite_where=text("state IN ('open', 'returned')"),
            postgresql_where=text("state IN ('open', 'returned')"),
        ),
        Index("ix_obligation_state", "region_id", "state", "id"),
        Index("ix_obligation_plan", "plan_id", "state"),
        Index("ix_obligation_task", "task_id"),
    )

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id"))
    plan_id: int = Field(sa_column=refers_to("plan.id"))
    task_id: int = Field(sa_column=refers_to("task.id"))
    milestone_id: int = Field(sa_column=refers_to("milestone.id"))
    department_id: int = Field(sa_column=refers_to("department.id"))
    group_id: int | None = Field(default=None, sa_column=refers_to("department_group.id", nullable=True))
    role: Role = Field(sa_column=Column(text_enum(Role), nullable=False))
    state: State = Field(sa_column=Column(text_enum(State), nullable=False))
    due: date | None = None
    first_due: date | None = None
    risk: bool = Field(default=False)
    submitted_on: date | None = None
    late_days: int | None = None
    extensions: int = Field(default=0)
    revision: int = Field(default=1)
    percent: int = Field(default=0)
    last_update_id: int | None = Field(default=None, sa_column=Column(BigId, nullable=True))
