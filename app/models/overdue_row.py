"""One row of a frozen list, in the words of that day."""

from datetime import date

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import id_column, refers_to


class OverdueRow(SQLModel, table=True):
    __tablename__ = "overdue_row"
    __table_args__ = (UniqueConstraint("list_id", "position"), UniqueConstraint("list_id", "obligation_id"))

    id: int | None = Field(default=None, sa_column=id_column())
    list_id: int = Field(sa_column=refers_to("overdue_list.id"))
    position: int
    obligation_id: int = Field(sa_column=refers_to("obligation.id", index=True))
    plan_code: str = Field(max_length=64)
    plan_title: str = Field(max_length=200)
    task_number: str = Field(max_length=20)
    task_title: str = Field(max_length=300)
    phase: str = Field(max_length=100)
    department: str = Field(max_length=100)
    role: str = Field(max_length=20)
    state: str = Field(max_length=20)
    due: date
    first_due: date
    days_late: int
    extensions: int
