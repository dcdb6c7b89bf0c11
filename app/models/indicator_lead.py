"""A department that answers for an indicator."""

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import id_column, refers_to


class IndicatorLead(SQLModel, table=True):
    __tablename__ = "indicator_lead"
    __table_args__ = (
        UniqueConstraint("indicator_id", "position"),
        CheckConstraint("(department_id IS NULL) <> (group_id IS NULL)", name="one_holder"),
    )

    id: int | None = Field(default=None, sa_column=id_column())
    indicator_id: int = Field(sa_column=refers_to("indicator.id"))
    position: int
    printed: str = Field(max_length=100)
    department_id: int | None = Field(default=None, sa_column=refers_to("department.id", nullable=True, index=True))
    group_id: int | None = Field(default=None, sa_column=refers_to("department_group.id", nullable=True))
