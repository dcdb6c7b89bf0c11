"""Another spelling of a department or of a group of departments."""

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from app.models.base import SQLModel
from app.models.columns import id_column, refers_to


class DepartmentAlias(SQLModel, table=True):
    __tablename__ = "department_alias"
    __table_args__ = (
        UniqueConstraint("region_id", "name"),
        CheckConstraint("(department_id IS NULL) <> (group_id IS NULL)", name="one_owner"),
    )

    id: int | None = Field(default=None, sa_column=id_column())
    region_id: int = Field(sa_column=refers_to("region.id"))
    name: str = Field(max_length=100)
    department_id: int | None = Field(default=None, sa_column=refers_to("department.id", nullable=True, index=True))
    group_id: int | None = Field(default=None, sa_column=refers_to("department_group.id", nullable=True, index=True))
