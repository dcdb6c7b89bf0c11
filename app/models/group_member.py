"""One department in one group."""

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import id_column, refers_to


class GroupMember(SQLModel, table=True):
    __tablename__ = "group_member"
    __table_args__ = (UniqueConstraint("group_id", "department_id"),)

    id: int | None = Field(default=None, sa_column=id_column())
    group_id: int = Field(sa_column=refers_to("department_group.id"))
    department_id: int = Field(sa_column=refers_to("department.id", index=True))
    position: int = Field(default=0)
