"""ReminderRule 提醒规则: when a plan's obligations are spoken of and who hears of it, as the secretariat set it."""

from datetime import datetime

from sqlalchemy import JSON, Column, Index, text
from sqlmodel import Field

from app.domain.reminder_rules import Counting
from app.models.base import SQLModel
from app.models.columns import UtcDateTime, id_column, refers_to, text_enum

_REGION_WIDE, _OF_PLAN = text("plan_id IS NULL"), text("plan_id IS NOT NULL")


class ReminderRule(SQLModel, table=True):
    """Without a plan: the region's, for every plan without its own. Without a row: `DEFAULT_RULES`.

    The columns are the fields of `app.domain.reminder_rules.ReminderRules`.
    """

    __tablename__ = "reminder_rule"
    __table_args__ = (
        Index(
            "uq_reminder_rule_region",
            "region_id",
            unique=True,
            sqlite_where=_REGION_WIDE,
            postgresql_where=_REGION_WIDE,
        ),
        Index("uq_reminder_rule_plan", "plan_id", unique=True, sqlite_where=_OF_PLAN, postgresql_where=_OF_PLAN),
    )

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id"))
    plan_id: int | None = Field(default=None, sa_column=refers_to("plan.id", nullable=True))
    before: list[int] = Field(sa_column=Column(JSON, nullable=False))
    on_day: bool
    after: list[int] = Field(sa_column=Column(JSON, nullable=False))
    weekly: bool
    counting: Counting = Field(sa_column=Column(text_enum(Counting, closed=False), nullable=False))
    head_after: int | None = None
    secretariat_after: int | None = None
    leader_after: int | None = None
    at_once: int
    revision: int = Field(default=1)
    set_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    set_by: int | None = Field(default=None, sa_column=refers_to("account.id", nullable=True))
